/** Whether the command took effect. Callers decide on this, not on the code: only `not-applied` is safe to repeat. */
export type Outcome = 'not-applied' | 'unknown'

const outcomes = {
  NOT_LEADER: 'not-applied',
  NO_LEADER: 'not-applied',
  OVERLOADED: 'not-applied',
  DISK_FULL: 'not-applied',
  ENTRY_REPLACED: 'not-applied',
  INVALID_ARGUMENT: 'not-applied',
  MEMBERSHIP_CHANGE_PENDING: 'not-applied',
  MEMBERSHIP_CHANGED: 'not-applied',
  NOT_A_MEMBER: 'not-applied',
  WIPED_MEMBER: 'not-applied',
  OLD_FOLDER: 'not-applied',
  OTHER_CLUSTER: 'not-applied',
  TRANSFERRING: 'not-applied',
  READ_EXPIRED: 'not-applied',
  TOO_STALE: 'not-applied',
  SESSION_EXPIRED: 'unknown',
  ANSWER_FORGOTTEN: 'unknown',
  ABORTED: 'unknown',
  TIMED_OUT: 'unknown',
  LEADERSHIP_LOST: 'unknown',
  CONNECTION_LOST: 'unknown',
  NODE_STOPPED: 'unknown',
  STATE_MACHINE: 'unknown',
  ADDRESS_IN_USE: 'not-applied',
  ADDRESS_UNAVAILABLE: 'not-applied',
  FOLDER_IN_USE: 'not-applied',
  FOLDER_UNUSABLE: 'not-applied',
  FOLDER_FOREIGN: 'not-applied',
  FOLDER_VERSION: 'not-applied',
  CORRUPT: 'not-applied',
  STORAGE_FAILED: 'unknown',
  INVARIANT_BROKEN: 'unknown',
} as const satisfies Record<string, Outcome>

export type RaftErrorCode = keyof typeof outcomes

/** What an error may carry besides its text. */
export type RaftErrorDetails = ErrorOptions & {
  /** Who leads, as far as this node knows: its id, and where clients and peers reach it. */
  readonly leader?: { readonly id: string; readonly address: string; readonly clientAddress: string } | undefined
  /** For errors whose outcome is not the code's own. */
  readonly outcome?: Outcome
}

/**
 * The one error class of this package. Codes are part of the API and change only in a major version; messages are for people,
 * end with what to do next, and may change at any time.
 */
export class RaftError extends Error {
  override readonly name = 'RaftError'
  readonly code: RaftErrorCode
  readonly outcome: Outcome
  readonly leader: RaftErrorDetails['leader']

  constructor(code: RaftErrorCode, message: string, details: RaftErrorDetails = {}) {
    super(message, details)
    this.code = code
    this.outcome = details.outcome ?? outcomes[code]
    this.leader = details.leader
  }
}

/** A broken invariant was thrown: the node's state is no longer to be trusted, so nothing more may leave it. */
export function invariantBroken(cause: unknown): RaftError {
  return new RaftError('INVARIANT_BROKEN', `this node stops, for it contradicts itself: ${reasonOf(cause)}`, { cause })
}

/** The same, for who must not hear that nothing was done: some of it may be. */
export function maybeApplied(error: RaftError): RaftError {
  if (error.outcome === 'unknown') return error
  const { code, message, leader } = error
  return new RaftError(code, message, { cause: error, leader, outcome: 'unknown' })
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
