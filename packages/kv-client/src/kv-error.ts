import type { Outcome } from './types.ts'

export type KvErrorDetails = ErrorOptions & {
  readonly code: string
  readonly outcome: Outcome
  readonly status?: number | undefined
  readonly endpoint?: string | undefined
  readonly retryAfterMs?: number | undefined
}

/**
 * A request that did not succeed. `code` is the server's, or one of the client's own: `UNREACHABLE`, `TIMED_OUT`, `ABORTED`, `BAD_ANSWER`,
 * `INVALID_ARGUMENT`, `NOT_TEXT`, `LEASE_LOST`. Decide on `outcome` whether to try again: only after `not-applied` is a write safe to repeat.
 */
export class KvError extends Error {
  override readonly name = 'KvError'
  readonly code: string
  readonly outcome: Outcome
  /** The HTTP status; undefined if there was no answer. */
  readonly status: number | undefined
  /** Who answered, or did not: `host:port`. */
  readonly endpoint: string | undefined
  /** How long the node asks to be left alone, in milliseconds; 0: it did not say. */
  readonly retryAfterMs: number

  constructor(message: string, { code, outcome, status, endpoint, retryAfterMs = 0, ...rest }: KvErrorDetails) {
    super(message, rest)
    this.code = code
    this.outcome = outcome
    this.status = status
    this.endpoint = endpoint
    this.retryAfterMs = retryAfterMs
  }
}
