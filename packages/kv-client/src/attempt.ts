import { KvError } from './kv-error.ts'
import type { Outcome } from './types.ts'

export type Call = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Path and query. */
  readonly path: string
  readonly body?: string
}

/**
 * Sends a request once, to one endpoint. Resolves with the body of a success. `waitMs`: how long the node may wait for its cluster, so
 * that it says what is wrong before this side gives up.
 * @throws KvError
 */
export async function attempt(endpoint: string, call: Call, signal: AbortSignal, waitMs: number): Promise<unknown> {
  const { status, text } = await exchange(endpoint, call, signal, waitMs)
  const body = parsed(text)
  if (status === 200 && body !== undefined) return body
  if (isNotLeader(status, text)) {
    throw new KvError(`${endpoint} does not lead`, { code: 'NOT_LEADER', outcome: 'not-applied', status, endpoint })
  }
  throw refusal(endpoint, call, status, body)
}

async function exchange(
  endpoint: string,
  { method, path, body }: Call,
  signal: AbortSignal,
  waitMs: number,
): Promise<{ status: number; text: string }> {
  const headers = { 'X-Raft-Timeout': String(Math.max(1, Math.floor(waitMs))) }
  const init = { method, headers, signal }
  try {
    const response = await fetch(`http://${endpoint}${path}`, body === undefined ? init : { ...init, body })
    return { status: response.status, text: await response.text() }
  } catch (cause) {
    throw noAnswer(endpoint, method, signal, cause)
  }
}

/** The one refusal that is no JSON: the workshop's. */
function isNotLeader(status: number, text: string): boolean {
  return status === 500 && text === 'not leader\n'
}

function noAnswer(endpoint: string, method: Call['method'], signal: AbortSignal, cause: unknown): KvError {
  if (signal.aborted) {
    const timedOut = (signal.reason as Error | undefined)?.name === 'TimeoutError'
    const [code, message] = timedOut ? ['TIMED_OUT', `${endpoint} did not answer in time`] : ['ABORTED', 'the caller gave up waiting']
    return new KvError(message, { code, outcome: lostOutcome(method), endpoint, cause })
  }
  const reason = reasonOf(cause)
  const outcome = neverSent.has(reason) ? 'not-applied' : lostOutcome(method)
  const message = reason === 'ECONNREFUSED' ? `nobody listens at ${endpoint}` : `no answer from ${endpoint} (${reason})`
  return new KvError(message, { code: 'UNREACHABLE', outcome, endpoint, cause })
}

/** Failures to connect: nothing of the request can have arrived anywhere. */
const neverSent = new Set(['bad port', 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])

/** A read changes nothing, so there is nothing not to know. */
function lostOutcome(method: Call['method']): Outcome {
  return method === 'GET' ? 'not-applied' : 'unknown'
}

/** fetch hides the system's code one level down; a port that it never dials has only a message there. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as { code?: unknown; message?: unknown } | undefined) : undefined
  const reason = cause?.code ?? cause?.message
  return typeof reason === 'string' ? reason : String(error)
}

function refusal(endpoint: string, { method }: Call, status: number, body: unknown): KvError {
  const told = errorOf(body)
  if (told === undefined) {
    const message = `${endpoint} answered ${status}, and not as a node does: is it the HTTP address of one?`
    return new KvError(message, { code: 'BAD_ANSWER', outcome: lostOutcome(method), status, endpoint })
  }
  const outcome = method === 'GET' || told.outcome === 'not-applied' ? 'not-applied' : 'unknown'
  return new KvError(told.message, { code: told.code, outcome, status, endpoint })
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
