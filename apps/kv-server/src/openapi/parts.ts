/** Pieces that the descriptions of routes are put together from. OpenAPI 3.1, in which schemas are JSON Schema. */

export type Json = { readonly [name: string]: unknown }

export const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })
export const integer: Json = { type: 'integer', minimum: 0 }
export const string: Json = { type: 'string' }
export const boolean: Json = { type: 'boolean' }
export const list = (items: Json): Json => ({ type: 'array', items })
export const nullable = (schema: Json): Json => ({ anyOf: [schema, { type: 'null' }] })

/** An object with these fields; a name that ends in `?` may be missing. */
export function object(fields: Readonly<Record<string, Json>>): Json {
  const entries = Object.entries(fields)
  const required = entries.map(([name]) => name).filter(name => !name.endsWith('?'))
  const properties = Object.fromEntries(entries.map(([name, schema]) => [name.replace(/\?$/, ''), schema]))
  return { type: 'object', properties, ...(required.length > 0 && { required }) }
}

export const jsonBody = (schema: Json): Json => ({ required: true, content: { 'application/json': { schema } } })
export const bytesBody = (description: string): Json => ({
  required: true,
  description,
  content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
})

export const answer = (description: string, schema: Json): Json => ({ description, content: { 'application/json': { schema } } })
export const textAnswer = (description: string, type = 'text/plain'): Json => ({ description, content: { [type]: { schema: string } } })

const descriptions: Readonly<Record<number, string>> = {
  304: 'the key is as `If-None-Match` says',
  307: 'this node does not lead; the leader is at `Location`',
  400: 'the request is not understood, and reached no log',
  401: 'a token is needed: `Authorization: Bearer …`',
  403: 'the role of the token does not suffice, or a web page of an origin that was not named would write',
  404: 'there is no such thing',
  409: 'it cannot be done as things stand; the operator must act',
  410: 'the revision is older than what this node remembers: list, then watch from the revision of the list',
  412: 'the condition does not hold; nothing was changed',
  413: 'too large',
  422: 'the idempotency key was used with another request',
  429: 'too much at once: slow down; nothing was done',
  500: '`non-leader=reject` on a node that does not lead, or a bug',
  503: 'not now: no leader, stopping, or too stale; nothing was done',
  504: 'the outcome is unknown: the write may have happened, or may still',
}

/** What every route may answer besides its success. */
export function failures(...statuses: number[]): Json {
  const all = [400, 401, 403, 429, 503, ...statuses].sort((a, b) => a - b)
  return Object.fromEntries(all.map(status => [status, failure(status)]))
}

function failure(status: number): Json {
  const description = descriptions[status] ?? 'a failure'
  return status === 304 || status === 307 ? { description } : answer(description, ref('Error'))
}

export const queryParameter = (name: string, description: string, schema: Json = string): Json => ({
  name,
  in: 'query',
  description,
  schema,
})
export const headerParameter = (name: string, description: string, schema: Json = string): Json => ({
  name,
  in: 'header',
  description,
  schema,
})
export const pathParameter = (name: string, description: string, schema: Json = string): Json => ({
  name,
  in: 'path',
  required: true,
  description,
  schema,
})

export const keyInPath = pathParameter('key', 'bytes, percent-encoded; a `/` may stand as it is')
const consistency = queryParameter('consistency', 'default linearizable, on any node', { enum: ['linearizable', 'lease', 'stale'] })
const maxStaleness = queryParameter('max-staleness', 'with `stale`: milliseconds; 503 if this node cannot promise it', integer)
export const nonLeader = queryParameter('non-leader', 'what a node does that does not lead', { enum: ['forward', 'redirect', 'reject'] })
export const idempotencyKey = headerParameter(
  'Idempotency-Key',
  'up to 255 visible characters; the same request with the same key is done once and answered the same for 24 h at least',
)
export const timeout = headerParameter('X-Raft-Timeout', 'how long the client waits, in milliseconds', integer)
const maxLag = queryParameter('max-lag', 'with `stale`: entries; 503 if this node is further behind what it knows to be committed', integer)
export const reading = [consistency, maxStaleness, maxLag, nonLeader, timeout]
export const writing = [nonLeader, idempotencyKey, timeout]
