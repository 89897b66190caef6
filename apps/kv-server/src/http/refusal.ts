import type { ErrorResponse } from 'kv-client'
import { RaftError, type RaftErrorCode } from 'raft-node'
import { json, type Reply } from './respond.ts'

/** A request that this server does not take, or cannot answer: nothing of it has reached the log. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

const retryAfterSeconds = '1' // elections take one to two seconds

/** Statuses of errors that say `not-applied`. 409: the operator must do something. 503: it passes. */
const statuses = {
  NOT_LEADER: 503,
  NO_LEADER: 503,
  OVERLOADED: 429,
  DISK_FULL: 507,
  ENTRY_REPLACED: 503,
  INVALID_ARGUMENT: 400,
  MEMBERSHIP_CHANGE_PENDING: 503,
  MEMBERSHIP_CHANGED: 409,
  NOT_A_MEMBER: 409,
  WIPED_MEMBER: 409,
  OLD_FOLDER: 409,
  OTHER_CLUSTER: 409,
  TRANSFERRING: 503,
  READ_EXPIRED: 503,
  TOO_STALE: 503,
  SESSION_EXPIRED: 503,
  ANSWER_FORGOTTEN: 503,
  ABORTED: 503,
  TIMED_OUT: 503,
  LEADERSHIP_LOST: 503,
  CONNECTION_LOST: 503,
  NODE_STOPPED: 503,
  STATE_MACHINE: 500,
  ADDRESS_IN_USE: 500,
  ADDRESS_UNAVAILABLE: 500,
  FOLDER_IN_USE: 500,
  FOLDER_UNUSABLE: 500,
  FOLDER_FOREIGN: 500,
  FOLDER_VERSION: 500,
  CORRUPT: 500,
  STORAGE_FAILED: 500,
  INVARIANT_BROKEN: 500,
} as const satisfies Record<RaftErrorCode, number>

/** 504 where the write may or may not happen: gateways repeat a 503 by themselves, a 504 to a POST they do not. */
function statusOf(error: RaftError): number {
  const status = statuses[error.code]
  return error.outcome === 'unknown' && status === 503 ? 504 : status
}

/** The answer to a request that failed. Errors that nobody foresaw are not described to strangers; the caller logs them. */
export function refusalReply(error: unknown, { isRead }: { readonly isRead: boolean }): Reply {
  const outcome = (value: 'not-applied' | 'unknown') => (isRead ? {} : { outcome: value })
  if (error instanceof Refusal)
    return failure(error.status, { code: error.code, message: error.message, ...outcome('not-applied') }, error.headers)
  if (error instanceof RaftError) return failure(statusOf(error), { code: error.code, message: error.message, ...outcome(error.outcome) })
  return failure(500, { code: 'INTERNAL', message: 'this is a bug in the server; its log says more', ...outcome('unknown') })
}

function failure(status: number, error: ErrorResponse['error'], headers: Readonly<Record<string, string>> = {}): Reply {
  const wait = status === 503 || status === 429 ? { 'Retry-After': retryAfterSeconds } : {}
  return json(status, { error } satisfies ErrorResponse, { headers: { ...wait, ...headers } })
}
