// A small client of our own: the scenarios look at the bare answers, not at what kv-client makes of them.
import { strict as assert } from 'node:assert'

export type Answer = { readonly status: number; readonly headers: Headers; readonly text: string; readonly bytes: Uint8Array<ArrayBuffer> }

type Ask = {
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  readonly follow?: boolean
}

export async function ask(
  method: string,
  address: string,
  path: string,
  { body, headers = {}, timeoutMs = 5_000, follow = false }: Ask = {},
): Promise<Answer> {
  const response = await fetch(`http://${address}${path}`, {
    method,
    headers,
    redirect: follow ? 'follow' : 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    ...(body === undefined ? {} : { body }),
  })
  const bytes = new Uint8Array(await response.arrayBuffer())
  return { status: response.status, headers: response.headers, text: new TextDecoder().decode(bytes), bytes }
}

/** `curl -XPOST address/key -d '{"key": "value"}'` */
export async function set(address: string, key: string, value: string): Promise<void> {
  // Object.fromEntries, and not a literal: the key may be __proto__.
  const answer = await ask('POST', address, '/key', { body: JSON.stringify(Object.fromEntries([[key, value]])) })
  assert.equal(answer.status, 200, `POST /key ${key} at ${address}: ${answer.status} ${answer.text}`)
}

/** `curl address/key/key`, undefined when it is missing. */
export async function get(address: string, key: string): Promise<string | undefined> {
  const answer = await ask('GET', address, `/key/${encodeURIComponent(key)}`)
  if (answer.status === 404) return undefined
  assert.equal(answer.status, 200, `GET /key/${key} at ${address}: ${answer.status} ${answer.text}`)
  const entries = Object.entries(JSON.parse(answer.text))
  assert.equal(entries.length, 1, answer.text)
  assert.equal(entries[0]?.[0], key, answer.text)
  return entries[0]?.[1] as string
}

/** The raft address of whom this node takes for the leader; every answer carries it. */
export async function leaderAddress(address: string): Promise<string | undefined> {
  const { headers } = await ask('GET', address, '/livez', { timeoutMs: 1_000 })
  return headers.get('x-raft-leader') || undefined
}
