import type { Entry, Index, MembershipChange, MembershipEntry, NodeId, Position, Term } from './log/entry.ts'
import type { Membership } from './membership/membership.ts'
import type { Message, Snapshot } from './messages.ts'
import type { HardState, Ready, SaveReceipt } from './ready.ts'
import type { RoleName } from './roles.ts'

/** Why a proposal was not taken. It will never be applied: proposing it again, elsewhere, is safe. */
export type Refusal =
  | 'no-leader'
  | 'not-leader'
  | 'not-a-member'
  | 'transferring'
  | 'too-many-uncommitted'
  | 'change-pending'
  | 'joint'
  | 'not-joint'
  | 'invalid-change'
  | 'stale-membership'

/** The outcome of a proposal. Accepted is not committed: the entry at this position may still be replaced by another leader's. */
export type ProposeResult =
  | { readonly accepted: true; readonly term: Term; readonly index: Index }
  | { readonly accepted: 'forwarded'; readonly leader: NodeId }
  | { readonly accepted: false; readonly reason: Refusal; readonly leader: NodeId | undefined }

/** Whether a message was taken. A refusal tells why; it never means that something broke. */
export type StepResult = { readonly accepted: true } | { readonly accepted: false; readonly reason: string }

/** The leader's view of one member. */
export type ProgressStatus = {
  readonly id: NodeId
  readonly state: 'probe' | 'replicate' | 'snapshot'
  /** The highest index known to be on the member's disk, and the next one to send. */
  readonly match: Index
  readonly next: Index
  readonly learner: boolean
  readonly paused: boolean
  /** Heard from within the last election timeout. */
  readonly active: boolean
  readonly pendingSnapshot: Index
  readonly inflight: number
  readonly inflightFull: boolean
}

export type Status = {
  readonly id: NodeId
  readonly role: RoleName
  readonly leader: NodeId | undefined
  readonly term: Term
  readonly vote: NodeId | undefined
  readonly commit: Index
  readonly applied: Index
  readonly saved: Index
  readonly first: Index
  readonly last: Position
  readonly membership: Membership
  /** The index of the entry that made `membership`; for compare-and-set. */
  readonly membershipIndex: Index
  readonly transferTarget: NodeId | undefined
  /** Only on a leader, sorted by id, itself included. */
  readonly progress: readonly ProgressStatus[]
}

/**
 * One Raft node as a deterministic state machine: inputs go in through the methods, outputs come out of `ready()`.
 * Every method is synchronous, none does I/O, and time passes only with `tick()`.
 */
export interface Raft {
  readonly id: NodeId
  readonly role: RoleName
  readonly term: Term
  readonly leader: NodeId | undefined
  readonly commit: Index
  readonly applied: Index

  /** One tick of time has passed. Drives elections, heartbeats and the quorum check. */
  tick(): void
  /** A message arrived from another node. Nothing that the network can bring makes this throw. */
  step(message: Message): StepResult
  /** Starts an election (a pre-election with pre-vote). For tests, tools, and fast failover after a lost connection. */
  campaign(): void

  /** Appends a command to the log, if this node leads. */
  propose(data: Uint8Array): ProposeResult
  /** Appends several commands at once: all of them or none. The result gives the position of the first. */
  proposeAll(commands: readonly Uint8Array[]): ProposeResult
  /** Proposes a membership change. `ifMembershipIndex`: refuse unless the membership is still the one made by the entry at this index. */
  proposeMembership(change: MembershipChange, ifMembershipIndex?: Index): ProposeResult
  /** Asks for a linearizable read (thesis §6.4). The answer comes in `Ready.reads` under the same context, which must be unique among waiting reads. */
  read(context: string): StepResult
  /** Moves leadership to another voter (thesis §3.10). On a follower, asks the leader to. */
  transferLeadership(target: NodeId): StepResult
  /** A follower stops believing in its leader, so that it may vote for another at once. */
  forgetLeader(): void

  /**
   * Gives leadership up because this node cannot do its work, for example since its disk hangs: follower in its term, a nudge to the
   * voter that has most of the log, and no campaign until `recovered()`.
   */
  resign(reason: string): void
  /** The reason for `resign` is gone. */
  recovered(): void

  /** A message to this node could not be delivered: probe it instead of streaming to it. */
  reportUnreachable(id: NodeId): void
  /** The transfer of the snapshot last sent to this node has ended. */
  reportSnapshot(id: NodeId, outcome: 'received' | 'failed'): void
  /** The state machine's snapshot up to here is on disk: it may be sent to followers. Does not shorten the log. */
  snapshotTaken(snapshot: Snapshot): void
  /** Forgets the entries up to and including `index`, which must be applied and covered by a snapshot. */
  compact(index: Index): void

  hasReady(): boolean
  /** The work that has gathered since the last call. Perform it, then call `advance`, or `saved` and `appliedTo`. */
  ready(): Ready
  /** Everything in `ready` was done. The same as `saved` and `appliedTo` together. */
  advance(ready: Ready): void
  /** The save of this Ready has ended; Readys are saved in the order in which they were made. */
  saved(ready: Ready): void
  /** Entries up to `index` are applied. Membership changes among them take effect, unless `applyMembership` was called for them. */
  appliedTo(index: Index): void
  /** Makes one committed membership change take effect now. */
  applyMembership(entry: MembershipEntry): Membership

  /** A step of `saved`: one of the node's answers to itself, from `receipt.promises`. */
  stepOwn(message: Message): void
  /** A step of `saved`: the end of the save itself. Harmless when its entries were replaced meanwhile. */
  settle(receipt: SaveReceipt): void

  status(): Status
  /** Entries from `first` on, as far as the log in memory holds them. */
  entries(first: Index, last: Index): readonly Entry[]
  hardState(): HardState
}
