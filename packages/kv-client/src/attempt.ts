import { KvError } from './kv-error.ts'
import type { Outcome } from './types.ts'

/** What a call sends, and how its answer is read. */
export type Call<Answer> = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path and query. */
  readonly path: string
  readonly body?: string | Uint8Array | ReadableStream<Uint8Array> | undefined
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Only of an answer that `accepts` takes. Undefined: it is not what a node answers. */
  readonly read: (response: Response) => Promise<Answer | undefined>
  /** Default: every success. */
  readonly accepts?: (status: number) => boolean
  /** Done twice it is as if done once, so it may be sent again although nobody knows what became of it. Reads always are. */
  readonly isRepeatable?: boolean
  /** The answer goes on for as long as it likes: the time is for its beginning. */
  readonly isStream?: boolean
}

/** As of browsers and Node. Give your own to use a proxy, certificates of your own, or a test. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Where and how to ask. */
export type Target = { readonly base: string; readonly fetch: Fetch; readonly token: string | undefined }

/** When an attempt is over, and how long the node may wait for its cluster: less, so that it says what is wrong before this side gives up. */
export type Patience = { readonly signal: AbortSignal; readonly waitMs: number }

/** The answer could be read, but the node asks to go elsewhere. */
export class Elsewhere {
  readonly location: string | null
  constructor(location: string | null) {
    this.location = location
  }
}

/** JSON, of a success. */
export async function readJson<Answer>(response: Response): Promise<Answer | undefined> {
  return parsed(await response.text()) as Answer | undefined
}

/**
 * Sends a request once, to one node.
 * @throws KvError
 */
export async function attempt<Answer>(target: Target, call: Call<Answer>, patience: Patience): Promise<Answer | Elsewhere> {
  const { read, accepts = isSuccess } = call
  const result = await exchange(target, call, patience, async response => {
    const { status } = response
    if (response.type === 'opaqueredirect' || status === 307) return new Elsewhere(response.headers.get('location'))
    if (!accepts(status)) return refusal(target, call, response, await response.text())
    return (await read(response)) ?? refusal(target, call, response, '')
  })
  if (result instanceof KvError) throw result
  return result
}

async function exchange<Result>(
  { base, fetch, token }: Target,
  call: Call<unknown>,
  { signal, waitMs }: Patience,
  use: (response: Response) => Promise<Result>,
): Promise<Result> {
  const headers: Record<string, string> = { 'X-Raft-Timeout': String(Math.max(1, Math.floor(waitMs))) }
  for (const [name, value] of Object.entries(call.headers ?? {})) if (value !== undefined) headers[name] = value
  if (token !== undefined) headers.Authorization = `Bearer ${token}`
  // By itself fetch would go to another node without the token.
  const init = { method: call.method, headers, signal, redirect: 'manual' as const }
  try {
    return await use(await fetch(`${base}${call.path}`, call.body === undefined ? init : { ...init, ...bodyOf(call.body) }))
  } catch (cause) {
    throw noAnswer(base, call, signal, cause)
  }
}

function bodyOf(body: NonNullable<Call<unknown>['body']>): RequestInit {
  return body instanceof ReadableStream ? ({ body, duplex: 'half' } as RequestInit) : { body: body as BodyInit }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

function noAnswer(base: string, call: Call<unknown>, signal: AbortSignal, cause: unknown): KvError {
  const endpoint = shownEndpoint(base)
  if (signal.aborted) {
    const timedOut = (signal.reason as Error | undefined)?.name === 'TimeoutError'
    const [code, message] = timedOut ? ['TIMED_OUT', `${endpoint} did not answer in time`] : ['ABORTED', 'the caller gave up waiting']
    return new KvError(message, { code, outcome: lostOutcome(call), endpoint, cause })
  }
  const reason = reasonOf(cause)
  const outcome = isNeverSent(reason, cause) ? 'not-applied' : lostOutcome(call)
  return new KvError(reasonWords(endpoint, base, reason), { code: 'UNREACHABLE', outcome, endpoint, cause })
}

function reasonWords(endpoint: string, base: string, reason: string): string {
  if (reason === 'ECONNREFUSED') return `nobody listens at ${endpoint}`
  if (isTlsReason(reason)) return `${endpoint} cannot be trusted, or does not trust this client (${reason}): check the certificates`
  // Closed without a word: so does a server that waits for a TLS handshake.
  if (/^(ECONNRESET|UND_ERR_SOCKET)$/.test(reason) && base.startsWith('http:')) {
    return `no answer from ${endpoint} (${reason}): does it speak HTTPS?`
  }
  return `no answer from ${endpoint} (${reason})`
}

/** Failures to connect, or to agree on TLS: nothing of the request can have arrived anywhere. */
function isNeverSent(reason: string, error: unknown): boolean {
  if (neverSent.has(reason) || isDistrust(reason)) return true
  // A connection that stood before can end with these, too.
  const cause = (error as { cause?: { syscall?: unknown; errors?: unknown } } | undefined)?.cause ?? (error as { syscall?: unknown })
  return noRoute.has(reason) && (cause.syscall === 'connect' || 'errors' in cause)
}

const neverSent = new Set(['bad port', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'])
const noRoute = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])

/** Before a request is sent, certificates and the version of TLS are looked at. */
function isDistrust(reason: string): boolean {
  return /CERT|SIGNATURE|UNKNOWN_CA|WRONG_VERSION|UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|HANDSHAKE_FAILURE/.test(reason)
}

function isTlsReason(reason: string): boolean {
  return /CERT|SIGNATURE|ERR_TLS|ERR_SSL|EPROTO/.test(reason)
}

/** A read changes nothing, so there is nothing not to know. */
function lostOutcome({ method }: Call<unknown>): Outcome {
  return method === 'GET' ? 'not-applied' : 'unknown'
}

/** fetch hides the system's code one level down; a port that it never dials has only a message there. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as { code?: unknown; message?: unknown } | undefined) : undefined
  const reason = cause?.code ?? (error as { code?: unknown } | undefined)?.code ?? cause?.message
  return typeof reason === 'string' ? reason : String(error)
}

function refusal({ base }: Target, call: Call<unknown>, { status, headers }: Response, text: string): KvError {
  const endpoint = shownEndpoint(base)
  // The one refusal that is no JSON: the workshop's.
  if (status === 500 && text === 'not leader\n') {
    return new KvError(`${endpoint} does not lead`, { code: 'NOT_LEADER', outcome: 'not-applied', status, endpoint })
  }
  const told = errorOf(parsed(text))
  if (told === undefined) {
    const message = `${endpoint} answered ${status}, and not as a node does: is it the HTTP address of one?`
    return new KvError(message, { code: 'BAD_ANSWER', outcome: lostOutcome(call), status, endpoint })
  }
  const outcome = call.method === 'GET' || told.outcome === 'not-applied' ? 'not-applied' : 'unknown'
  const retryAfterMs = Number(headers.get('retry-after') ?? 0) * 1_000
  return new KvError(told.message, { code: told.code, outcome, status, endpoint, retryAfterMs })
}

function errorOf(body: unknown): { code: string; message: string; outcome?: unknown } | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined
  const { error } = body
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return undefined
  const { code, message } = error
  return typeof code === 'string' && typeof message === 'string' ? { ...error, code, message } : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `host:port`; with the scheme only if that says something. */
export function shownEndpoint(base: string): string {
  return base.replace(/^http:\/\//, '')
}
