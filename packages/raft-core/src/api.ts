import type { Entry, Index, MembershipChange, MembershipEntry, NodeId, Position, Term } from './log/entry.ts'
import type { Membership } from './membership/membership.ts'
import type { Message, Snapshot } from './messages.ts'
import type { HardState, Ready, SaveReceipt } from './ready.ts'
import type { RoleName } from './roles.ts'

/**
 * Why a proposal was not taken. It will never be applied: proposing it again, elsewhere, is safe.
 *
 * - `no-leader`: this node does not lead, and knows of nobody who does.
 * - `not-leader`: another node leads: see `leader`.
 * - `not-a-member`: this node leads, but has been removed (only with `stepDownOnRemoval: false`).
 * - `transferring`: leadership is on its way to another node, for an election timeout at most (thesis §3.10).
 * - `too-many-uncommitted`: the limit `maxUncommittedBytes` is reached; some of it has to be applied first.
 * - `change-pending`: an earlier membership change, or the log as it stood at the election, is not applied yet (thesis §4.1).
 * - `joint`, `not-joint`: a joint membership must be left first, or there is none to leave (§6).
 * - `invalid-change`: the change does not fit the membership, for example since it would leave no voter.
 * - `stale-membership`: the membership is not the one that the caller knew.
 */
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

/**
 * The outcome of a proposal.
 *
 * - `true`: appended at this position, which is not committed yet: another leader may still replace it. It is committed when an entry
 *   of the same term comes out of `Ready.apply` at that index, and lost when one of another term does.
 * - `'forwarded'`: passed on to the leader (only with `forwardProposals`). What becomes of it is not known.
 * - `false`: not taken, and it never will be. `leader`: whom to ask instead, where known.
 */
export type ProposeResult =
  | { readonly accepted: true; readonly term: Term; readonly index: Index }
  | { readonly accepted: 'forwarded'; readonly leader: NodeId }
  | { readonly accepted: false; readonly reason: Refusal; readonly leader: NodeId | undefined }

/** Whether a message or a request was taken. A refusal tells why, for logs; it never means that something broke. */
export type StepResult = { readonly accepted: true } | { readonly accepted: false; readonly reason: string }

/** The leader's view of one member (§5.3). */
export type ProgressStatus = {
  /** The member. */
  readonly id: NodeId
  /** `probe`: one message at a time until it is known where the logs agree; `replicate`: entries stream; `snapshot`: one is under way. */
  readonly state: 'probe' | 'replicate' | 'snapshot'
  /** The highest index known to be on the member's disk. */
  readonly match: Index
  /** The next index to send. */
  readonly next: Index
  /** It receives the log and has no vote (thesis §4.2.1). */
  readonly learner: boolean
  /** Nothing is sent until it answers. */
  readonly paused: boolean
  /** Heard from within the last election timeout. */
  readonly active: boolean
  /** It has lost part of its log and is getting it again: `match` counts for nothing yet. */
  readonly repairing: boolean
  /** The index of the snapshot that is under way to it; 0 without one. */
  readonly pendingSnapshot: Index
  /** appendEntries that it has not answered yet. */
  readonly inflight: number
  /** No more fit: see `maxInflight` and `maxInflightBytes`. */
  readonly inflightFull: boolean
}

/** A node as it is at this moment. A copy: it does not change any more. */
export type Status = {
  /** The node's own name. */
  readonly id: NodeId
  /** What it is in its term (§5.2). */
  readonly role: RoleName
  /** Whom it believes to lead, itself included. */
  readonly leader: NodeId | undefined
  /** The latest term that it has seen (§5.1). */
  readonly term: Term
  /** Whom it has voted for in this term. */
  readonly vote: NodeId | undefined
  /** The highest index known to be committed (§5.3). */
  readonly commit: Index
  /** The highest index reported with `appliedTo` or `advance`. */
  readonly applied: Index
  /** The highest index known to be on this node's disk. */
  readonly saved: Index
  /** The first index that the log in memory holds; what lies before is compacted (§7). */
  readonly first: Index
  /** Where the log ends. */
  readonly last: Position
  /** Its log is being filled again after damage: it neither votes nor campaigns. */
  readonly repairing: boolean
  /** Who takes part, as of what is applied (§6). */
  readonly membership: Membership
  /** The index of the entry that made `membership`; for compare-and-set. */
  readonly membershipIndex: Index
  /** On a leader: to whom leadership is on its way (thesis §3.10). */
  readonly transferTarget: NodeId | undefined
  /** Only on a leader, sorted by id, itself included. */
  readonly progress: readonly ProgressStatus[]
}

/**
 * One Raft node as a deterministic state machine: inputs go in through the methods, outputs come out of `ready()`.
 * Every method is synchronous, none does I/O, and time passes only with `tick()`. The same inputs give the same outputs.
 *
 * What is to be expected is returned, never thrown. A method throws a `RangeError` for a call that cannot be right, as its description
 * says, and an `InvariantError` when this node contradicts itself: then it must be stopped.
 */
export interface Raft {
  /** The node's own name. */
  readonly id: NodeId
  /** What it is in its term (§5.2). */
  readonly role: RoleName
  /** The latest term that it has seen (§5.1). */
  readonly term: Term
  /** Whom it believes to lead, itself included. */
  readonly leader: NodeId | undefined
  /** The highest index known to be committed (§5.3). */
  readonly commit: Index
  /** The highest index known to be applied. */
  readonly applied: Index

  /**
   * One tick of time has passed. Drives elections (§5.2), heartbeats, the quorum check (thesis §6.2), and the end of transfers and reads
   * that nobody answers. How long a tick is, is up to the driver; options count in ticks.
   *
   * @param now the driver's monotonic clock, only for reads by lease: in any unit, the one of `leaseDuration`; whole units count.
   * @throws RangeError if it is negative or not a number.
   */
  tick(now?: number): void
  /** A message arrived from another node. Nothing that the network can bring makes this throw; what is malformed is refused. */
  step(message: Message): StepResult
  /**
   * Starts an election at once, with pre-vote a pre-election. For tests, tools, and fast failover after a lost connection. Does nothing on
   * a leader, or on a node that may not lead: see the trace for the reason.
   */
  campaign(): void

  /**
   * Appends a command to the log, if this node leads (§5.3). `data` is kept, not copied: do not change it afterwards.
   *
   * @throws RangeError where it is no bytes; then nothing has changed.
   */
  propose(data: Uint8Array): ProposeResult
  /**
   * Appends several commands at once: all of them or none. The result gives the position of the first; the others follow it.
   *
   * @throws RangeError without any command, or where one is no bytes; then nothing has changed.
   */
  proposeAll(commands: readonly Uint8Array[]): ProposeResult
  /**
   * Proposes a membership change (§6, thesis §4), one at a time. It takes effect when it is applied, on each node for itself.
   *
   * @param ifMembershipIndex refuse unless the membership is still the one made by the entry at this index (`Status.membershipIndex`).
   */
  proposeMembership(change: MembershipChange, ifMembershipIndex?: Index): ProposeResult
  /**
   * Asks for a linearizable read without an entry in the log (thesis §6.4). On a follower, asks the leader. If it is taken, the answer
   * comes in `Ready.reads` under the same context, which must be unique among waiting reads: as an index, or as expired within two
   * election timeouts.
   *
   * @param leaseAt answer at once, without asking anybody, if this node leads by lease (thesis §6.4.1): the clock of `tick`, read just
   *   now and not before. Without a lease, or on a follower, a quorum is asked as ever.
   */
  read(context: string, leaseAt?: number): StepResult
  /**
   * Moves leadership to another voter (thesis §3.10). On a follower, asks the leader to. Until it ends, within an election timeout, the
   * leader takes no proposals.
   */
  transferLeadership(target: NodeId): StepResult
  /**
   * A follower stops believing in its leader, so that it may vote for another at once: for a driver that knows the leader to be gone.
   * Does nothing where reads may be answered by lease, which promises the leader that nobody votes while it lasts.
   */
  forgetLeader(): void

  /**
   * Gives leadership up because this node cannot do its work, for example since its disk hangs: follower in its term, a nudge to the
   * voter that has most of the log (thesis §3.10), and no campaign until `recovered()`. On a candidate it ends the election. Voting goes on.
   *
   * @param reason for the trace.
   */
  resign(reason: string): void
  /** The reason for `resign` is gone. */
  recovered(): void

  /** A message to this node could not be delivered: probe it instead of streaming to it (§5.3). Only a leader cares. */
  reportUnreachable(id: NodeId): void
  /**
   * The transfer of the snapshot last sent to this node has ended. Every `installSnapshot` that leaves must be followed by this: until
   * then, or until its receiver acknowledges it, nothing else is sent there (§7).
   */
  reportSnapshot(id: NodeId, outcome: 'received' | 'failed'): void
  /**
   * The state machine's snapshot up to here is on disk: it may be sent to followers. Does not shorten the log (§7).
   *
   * @throws RangeError if it lies beyond what is committed, or its term is not that of the entry there.
   */
  snapshotTaken(snapshot: Snapshot): void
  /**
   * Forgets the entries up to and including `index` (§7). Does nothing if they are gone already.
   *
   * @throws RangeError if they are not all applied, or `snapshotTaken` was not told of a snapshot that covers them.
   */
  compact(index: Index): void

  /** Whether there is work for the driver. */
  hasReady(): boolean
  /**
   * The work that has gathered since the last call. Perform it, then call `advance`, or `saved` and `appliedTo`.
   *
   * @throws Error if the last one is not finished, unless the option `overlapping` is set.
   */
  ready(): Ready
  /** Everything in `ready` was done: the same as `saved`, and `appliedTo` the last entry of `ready.apply`. */
  advance(ready: Ready): void
  /** The save of this Ready has ended. Readys are saved in the order in which they were made; a save reported again counts for nothing. */
  saved(ready: Ready): void
  /**
   * Entries up to `index` are applied. Membership changes among them take effect, unless `applyMembership` was called for them.
   *
   * @throws InvariantError if they are not committed.
   */
  appliedTo(index: Index): void
  /**
   * Makes one committed membership change take effect now, before the rest of its batch is applied; in the order of the log. Returns the
   * membership that is in effect then.
   *
   * @throws InvariantError if it is not committed.
   */
  applyMembership(entry: MembershipEntry): Membership

  /** A step of `saved`: one of the node's answers to itself, from `receipt.promises`, in their order. */
  stepOwn(message: Message): void
  /** A step of `saved`, after `stepOwn`: the end of the save itself. Harmless when its entries were replaced meanwhile. */
  settle(receipt: SaveReceipt): void

  /** All of the above, and the leader's view of its members. Costs as much as there are members. */
  status(): Status
  /**
   * Entries from `first` to `last`, both included, as far as the log in memory holds them; of those that are applied, copies with data in
   * plain `Uint8Array`s.
   */
  entries(first: Index, last: Index): readonly Entry[]
  /** What must survive a restart, as it is now; drivers get it with each `Ready` that changes it. */
  hardState(): HardState
}
