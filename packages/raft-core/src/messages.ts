import type { Entry, Index, NodeId, Position, Term } from './log/entry.ts'
import type { Membership } from './membership/membership.ts'

/** A snapshot as the core sees it (§7): what it replaces, and the membership at that point. */
export type Snapshot = Position & {
  /** Who takes part as of this position (§6). */
  readonly membership: Membership
  /** The index of the entry that made `membership`, where known. */
  readonly membershipIndex?: Index | undefined
  /** Opaque to the core: the state machine's bytes, or whatever names them for the driver. */
  readonly data: Uint8Array
}

/**
 * Every message that two nodes exchange, by type. The network may lose, delay, repeat or reorder any of them.
 * An interface and not a union, so that the behaviour table type-checks one row and column at a time.
 */
export interface MessageBodies {
  /** A candidate asks for a vote (§5.2). `transfer` marks an election that the leader itself asked for (thesis §3.10): it may interrupt a lease. */
  requestVote: { readonly lastEntry: Position; readonly transfer: boolean }
  /** `commit`, when refused: how far the answering node knows the log to be committed. {0, 0}: it does not say. */
  voteReply: { readonly granted: boolean; readonly commit: Position } & Repairing
  /** "Would you vote for me in this term?" Nothing is promised and no term changes (thesis §9.6). */
  preVote: { readonly lastEntry: Position }
  /** Granted: `term` is the term asked about. Refused: `term` is the answering node's own. */
  preVoteReply: { readonly granted: boolean; readonly commit: Position } & Repairing
  /**
   * Entries to be held after `after`, and how far the leader has committed (§5.3). `session` names this life of the member in the
   * leader's eyes and comes back with the answer: after a removal, what was acknowledged before it counts no more. 0: not used.
   * `repair`, to a member that repairs its log: its repair is over once it has saved all up to here.
   */
  appendEntries: {
    readonly session: number
    readonly after: Position
    readonly entries: readonly Entry[]
    readonly commit: Index
    readonly repair?: Index | undefined
  }
  /** §5.3. `index`: accepted, all entries up to here are on disk; rejected, the index that the leader tried to append after. */
  appendReply: {
    readonly session: number
    readonly accepted: boolean
    readonly index: Index
    /** Rejected: the best place to try next, and its term here. */
    readonly hint: Position
  } & Repairing
  /**
   * "I still lead" (§5.2), how far the receiver may commit, and the newest read that waits for confirmation (0: none). `sentAt`: the
   * leader's own time, as it was given to `tick`; only while reads may be answered by lease (thesis §6.4.1).
   */
  heartbeat: { readonly commit: Index; readonly readToken: number; readonly sentAt?: number | undefined }
  /**
   * "I hear you", and the token of the heartbeat that it answers. Says nothing about the log. `sentAt`, returned: "and I shall not vote
   * for anybody within an election timeout".
   */
  heartbeatReply: { readonly readToken: number; readonly sentAt?: number | undefined } & Repairing
  /** §7. Answered by an appendReply. */
  installSnapshot: { readonly session: number; readonly snapshot: Snapshot }
  /** The leader tells the receiver to campaign at once (thesis §3.10). */
  timeoutNow: { readonly lastEntry: Position }
  /** A follower asks the leader to move leadership to `target` (forwarded request). */
  transferLeader: { readonly target: NodeId }
  /** A follower forwards proposals; their entries have no position yet. */
  propose: { readonly entries: readonly Entry[] }
  /** A follower asks for a read index (thesis §6.4). */
  readIndex: { readonly context: string }
  /** `index` undefined: the leader could not confirm, ask again. */
  readIndexReply: { readonly context: string; readonly index: Index | undefined }
}

/** In every answer of a node that repairs its log: it votes for nobody, and what it holds counts for nothing yet. */
type Repairing = { readonly repairing?: true | undefined }

/** What every message has. */
export type Envelope<T> = {
  readonly type: T
  /** Who sent it, or under whose name it was passed on. */
  readonly from: NodeId
  readonly to: NodeId
  /** The sender's term (§5.1); 0 in propose and readIndex, which belong to none. */
  readonly term: Term
}
/** The name of a message. */
export type MessageType = keyof MessageBodies
/** A message of one type. */
export type MessageOf<T extends MessageType> = Envelope<T> & MessageBodies[T]
/** Any message. Plain data: send it in any format that brings back what was put in. */
export type Message = { [T in MessageType]: MessageOf<T> }[MessageType]
