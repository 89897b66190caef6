import type { ProposeResult, Raft, Status, StepResult } from './api.ts'
import { receive } from './behaviour.ts'
import type { RaftOptions, Settings } from './config.ts'
import { settle } from './config.ts'
import { tryCampaign } from './election/campaign.ts'
import { learnCommit } from './election/learn-commit.ts'
import { handOver } from './election/resign.ts'
import { InvariantError } from './invariant-error.ts'
import { rememberPromise } from './lease.ts'
import type { Entry, Index, MembershipChange, MembershipEntry, NodeId, Term } from './log/entry.ts'
import { payloadBytes } from './log/entry.ts'
import type { Log } from './log/log.ts'
import { restoredLog } from './log/log.ts'
import { applyChange, leaveJointIfDue } from './membership/apply-change.ts'
import { isMember, type Membership, noMembers } from './membership/membership.ts'
import { promoteCaughtUp } from './membership/promotion.ts'
import type { Message, Snapshot } from './messages.ts'
import type { Outbox } from './outbox.ts'
import { hasReady, takeReady } from './outbox.ts'
import { propose, proposeCommands } from './proposals.ts'
import type { ReadRequest } from './reads.ts'
import { startRead } from './reads.ts'
import type { HardState, ReadState, Ready, SaveReceipt } from './ready.ts'
import { endRepair, marked, newRepair, noteSaved, type Repair } from './replication/repair.ts'
import { recordSnapshotOutcome } from './replication/snapshot.ts'
import type { Leader, Role, RoleName } from './roles.ts'
import { becomeFollower } from './roles.ts'
import type { StateTrace } from './state-trace.ts'
import { traceMessage, traceOwn, traceState } from './state-trace.ts'
import { statusOf } from './status.ts'
import { isTermless, passTermGate } from './term-gate.ts'
import { tick } from './ticks.ts'
import type { Trace } from './trace.ts'
import { forwardTransfer, startTransfer } from './transfer.ts'
import { faultIn, isProposable, requireCommands } from './validate.ts'

/** Makes a node from what its disk holds. Throws a RangeError when an option, or what was restored, cannot be right. */
export function createRaft(options: RaftOptions): Raft {
  return new RaftMachine(options)
}

const taken: StepResult = { accepted: true }

/** The state of one node. The rules beside this file read and change it; users of the package see it as `Raft`. */
export class RaftMachine implements Raft {
  readonly id: NodeId
  readonly settings: Settings
  readonly trace: Trace | undefined
  readonly stateTrace: StateTrace | undefined
  readonly #random: () => number

  term: Term
  vote: NodeId | undefined
  state: Role = { name: 'follower', leader: undefined }
  readonly log: Log
  membership: Membership
  membershipIndex: Index
  /** Membership changes up to here have taken effect: one by one, or with a snapshot. */
  membershipAppliedTo: Index
  /** What a leader sends to followers that need entries it no longer has. */
  newestSnapshot: Snapshot | undefined

  /** Ticks since a leader was heard of or, on a leader, since the last quorum check; and since the last heartbeat. */
  elapsed = 0
  heartbeatElapsed = 0
  /** Ticks without a leader until this node campaigns: drawn anew with every role and term (§5.2). */
  electionTimeout = 0

  /** The driver's clock at the last tick, where it gives one; and for how many ticks this node has promised not to vote. */
  now: number | undefined
  promisedTicks = 0

  /** Why this node must not lead for now. */
  resigned: string | undefined
  /** While the log is being filled again after damage. */
  repair: Repair | undefined
  readonly outbox: Outbox
  /** Reads that were asked of this leader before it had committed in its term. */
  readsAwaitingCommit: ReadRequest[] = []
  /** Reads that were passed to the leader, with the ticks that they may still wait. */
  readonly forwardedReads = new Map<string, number>()
  readsAnswered: ReadState[] = []
  /** Why the message being stepped is refused. */
  #refusal: string | undefined

  constructor(options: RaftOptions) {
    this.id = options.id
    this.settings = settle(options)
    this.trace = options.trace
    this.#random = options.random
    const restored = options.restored ?? {}
    this.term = restored.hardState?.term ?? 0
    this.vote = restored.hardState?.vote
    this.log = restoredLog(restored, this.settings.maxApplyBytes)
    this.newestSnapshot = restored.snapshot
    if (restored.repairing === true) this.repair = newRepair()
    this.membership = restored.snapshot?.membership ?? noMembers
    this.membershipAppliedTo = restored.snapshot?.index ?? 0
    this.membershipIndex = restored.snapshot?.membershipIndex ?? this.membershipAppliedTo
    this.#applyMembershipsTo(this.log.applied)
    this.drawElectionTimeout()
    rememberPromise(this)
    this.outbox = {
      free: [],
      promises: [],
      term: this.term,
      vote: this.vote,
      commit: this.log.commit,
      role: 'follower',
      leader: undefined,
      made: 0,
      settled: 0,
      lastBallot: 0,
    }
    // Only now: what was restored is where the trace begins.
    this.stateTrace = options.stateTrace
    if (this.stateTrace) traceState(this, 'InitState')
  }

  get role(): RoleName {
    return this.state.name
  }
  get leader(): NodeId | undefined {
    const { state: role } = this
    if (role.name === 'follower') return role.leader
    return role.name === 'leader' ? this.id : undefined
  }
  get commit(): Index {
    return this.log.commit
  }
  get applied(): Index {
    return this.log.applied
  }

  tick(now?: number): void {
    if (now !== undefined && !(now >= 0 && now < Infinity)) throw new RangeError('now must be a time of a clock that starts at 0')
    tick(this, now)
  }

  step(message: Message): StepResult {
    const fault = faultIn(message)
    if (fault !== undefined) return { accepted: false, reason: fault }
    if (message.from === this.id && !isTermless(message)) return { accepted: false, reason: 'from this node itself' }
    if (message.to !== this.id) return { accepted: false, reason: 'for another node' }
    if (isAnswer(message) && !isMember(this.membership, message.from)) return { accepted: false, reason: 'unknown-peer' }
    this.#refusal = undefined
    if (message.type === 'voteReply' || message.type === 'preVoteReply') learnCommit(this, message)
    if (passTermGate(this, message)) receive(this, message)
    return this.#refusal === undefined ? taken : { accepted: false, reason: this.#refusal }
  }

  stepOwn(message: Message): void {
    if (message.from !== this.id || message.to !== this.id) return
    if (passTermGate(this, message)) receive(this, message)
  }

  campaign(): void {
    tryCampaign(this, 'asked')
  }

  propose(data: Uint8Array): ProposeResult {
    return this.proposeAll([data])
  }
  proposeAll(commands: readonly Uint8Array[]): ProposeResult {
    if (commands.length === 0) throw new RangeError('proposeAll needs at least one command')
    requireCommands(commands)
    return proposeCommands(this, commands)
  }
  proposeMembership(change: MembershipChange, ifMembershipIndex?: Index): ProposeResult {
    if (!isProposable(change)) return { accepted: false, reason: 'invalid-change', leader: this.leader }
    return propose(this, [{ type: 'membership', change }], ifMembershipIndex)
  }

  read(context: string, leaseAt?: number): StepResult {
    return startRead(this, context, leaseAt)
  }

  transferLeadership(target: NodeId): StepResult {
    const { state: role } = this
    if (role.name === 'leader') return startTransfer(this, role, target)
    return role.name === 'follower' ? forwardTransfer(this, role, target) : { accepted: false, reason: 'no-leader' }
  }

  forgetLeader(): void {
    const { state: role } = this
    // A lease promises the leader that nobody votes for another while it lasts.
    if (role.name !== 'follower' || role.leader === undefined || !this.#mayForget) return
    role.leader = undefined
    if (this.trace) this.trace({ type: 'leader', leader: undefined, term: this.term })
  }

  resign(reason: string): void {
    this.resigned = reason
    if (this.state.name === 'leader') handOver(this, this.state, reason)
    else if (this.state.name !== 'follower') becomeFollower(this, this.term, undefined, `resigns: ${reason}`)
  }
  recovered(): void {
    this.resigned = undefined
  }

  reportUnreachable(id: NodeId): void {
    const progress = this.state.name === 'leader' ? this.state.progress.get(id) : undefined
    if (progress?.flow.state !== 'replicate') return
    progress.probe()
    if (this.trace) this.trace({ type: 'progress', id, state: 'probe', because: 'unreachable' })
  }
  reportSnapshot(id: NodeId, outcome: 'received' | 'failed'): void {
    if (this.state.name === 'leader') recordSnapshotOutcome(this, this.state, id, outcome)
  }

  snapshotTaken(snapshot: Snapshot): void {
    const { index, term } = snapshot
    if (index > this.log.commit) throw new RangeError(`snapshot ${index} lies beyond the commit index ${this.log.commit}`)
    const ours = this.log.termAt(index)
    if (ours !== undefined && ours !== term)
      throw new RangeError(`snapshot ${index} is of term ${term}, but entry ${index} is of term ${ours}`)
    if (index >= (this.newestSnapshot?.index ?? 0)) this.newestSnapshot = snapshot
  }
  compact(index: Index): void {
    if (index > this.log.applied) throw new RangeError(`cannot compact up to ${index}: applied only up to ${this.log.applied}`)
    const covered = this.newestSnapshot?.index ?? 0
    // Whoever needs what is compacted is sent the snapshot: one that ends before would leave a gap that nothing can fill.
    if (index > covered) throw new RangeError(`cannot compact up to ${index}: the newest snapshot covers only up to ${covered}`)
    this.log.compact(index)
  }

  hasReady(): boolean {
    return hasReady(this)
  }
  ready(): Ready {
    return takeReady(this)
  }
  advance(ready: Ready): void {
    this.saved(ready)
    const last = ready.apply.at(-1)
    if (last) this.appliedTo(last.index)
  }
  saved({ receipt }: Ready): void {
    for (const message of receipt.promises) this.stepOwn(message)
    this.settle(receipt)
  }

  settle({ number, term, last, snapshotIndex, repaired }: SaveReceipt): void {
    if (number <= this.outbox.settled) return
    this.outbox.settled = number
    // In a later term other entries may stand at the same indices.
    if (last && term === this.term) this.log.markSaved(last)
    if (repaired) endRepair(this)
    if (snapshotIndex > 0) this.#settleSnapshot(snapshotIndex)
    if (this.repair) noteSaved(this)
  }
  #settleSnapshot(index: Index): void {
    if (this.log.snapshot?.index === index) {
      this.newestSnapshot = this.log.snapshot
      this.log.snapshot = undefined
    }
    this.appliedTo(index)
  }

  appliedTo(index: Index): void {
    const { state: role, log } = this
    this.assert(index <= log.commit, 'only what is committed is applied')
    this.#applyMembershipsTo(index)
    if (role.name === 'leader' && this.settings.maxUncommittedBytes !== Infinity) this.#settleBytes(role, index)
    log.markApplied(index)
    leaveJointIfDue(this, log.applied)
    if (this.state.name === 'leader' && this.membership.promoting.length > 0) promoteCaughtUp(this, this.state)
  }

  applyMembership(entry: MembershipEntry): Membership {
    // One that a snapshot or an earlier call already covers must not count twice.
    if (entry.index > this.membershipAppliedTo) {
      this.assert(entry.index <= this.log.commit, 'only what is committed is applied')
      this.membershipAppliedTo = entry.index
      applyChange(this, entry)
    }
    return this.membership
  }

  status(): Status {
    return statusOf(this)
  }
  entries(first: Index, last: Index): readonly Entry[] {
    const { firstIndex, lastIndex } = this.log
    return last < firstIndex ? [] : this.log.slice(Math.max(first, firstIndex), Math.min(last, lastIndex), Infinity)
  }
  hardState(): HardState {
    return { term: this.term, vote: this.vote, commit: this.log.commit }
  }

  // ── for the rules ──

  /** A message that rests on nothing but what is on disk already. */
  post(message: Message): void {
    if (this.stateTrace) traceMessage(this, 'Send', message)
    const { outbox } = this
    const said = this.repair ? marked(message) : message
    if (outbox.free.length === 0) outbox.free = [said]
    else outbox.free.push(said)
  }
  /** A message that must not leave before all that came before it is saved. May be to this node itself. */
  promise(message: Message): void {
    if (this.stateTrace) traceMessage(this, 'Send', message)
    const { outbox } = this
    const said = this.repair ? marked(message) : message
    if (outbox.promises.length === 0) outbox.promises = [said]
    else outbox.promises.push(said)
  }
  ignore(message: Message, because: string): void {
    if (this.trace) this.trace({ type: 'ignore', message: message.type, from: message.from, because })
  }
  refuseMessage(reason: string): void {
    this.#refusal = reason
  }

  /** §5.3: the leader's own copy counts like any other, once it is saved: hence the answer to itself. False if over the limit. */
  appendOwn(leader: Leader, entries: readonly Entry[]): boolean {
    if (!this.#reserveBytes(leader, entries)) return false
    if (this.stateTrace) traceOwn(this, entries)
    this.log.append(entries)
    if (this.trace) this.trace({ type: 'append', first: entries[0]!, last: entries[entries.length - 1]! })
    const hint = { term: 0, index: 0 }
    const session = leader.progress.get(this.id)?.session ?? 0
    this.promise({
      type: 'appendReply',
      from: this.id,
      to: this.id,
      term: this.term,
      session,
      accepted: true,
      index: this.log.lastIndex,
      hint,
    })
    return true
  }

  drawElectionTimeout(): void {
    const { electionTicks, priority } = this.settings
    this.electionTimeout = electionTicks + Math.floor(this.#random() * electionTicks) + Math.round((1 - priority) * electionTicks)
  }

  setMembership(membership: Membership, index: Index): void {
    if (this.stateTrace) traceState(this, 'ApplyConfChange', { next: membership })
    this.membership = membership
    this.membershipIndex = index
    if (this.trace) this.trace({ type: 'membership', index, membership })
  }
  restoreMembership(snapshot: Snapshot): void {
    this.membershipAppliedTo = snapshot.index
    this.setMembership(snapshot.membership, snapshot.membershipIndex ?? snapshot.index)
  }

  get #mayForget(): boolean {
    return this.settings.readMode !== 'unbounded-lease' && this.membership.leaseReads !== true && this.promisedTicks === 0
  }
  hasUnappliedMembership(): boolean {
    const { log } = this
    for (let index = log.applied + 1; index <= log.commit; index++) if (log.at(index)?.type === 'membership') return true
    return false
  }

  assert(holds: boolean, invariant: string): asserts holds {
    if (!holds) throw new InvariantError(invariant, this.status())
  }

  #applyMembershipsTo(index: Index): void {
    const last = Math.min(index, this.log.newestMembership)
    for (let at = Math.max(this.membershipAppliedTo, this.log.firstIndex - 1) + 1; at <= last; at++) {
      const entry = this.log.at(at)
      if (entry?.type === 'membership') this.applyMembership(entry)
    }
    this.membershipAppliedTo = Math.max(this.membershipAppliedTo, index)
  }

  #reserveBytes(leader: Leader, entries: readonly Entry[]): boolean {
    const { maxUncommittedBytes } = this.settings
    if (maxUncommittedBytes === Infinity) return true
    let bytes = 0
    for (const entry of entries) bytes += payloadBytes(entry)
    // A single entry over the limit is still taken when nothing else waits, and empty entries always are: neither can be waited for.
    if (leader.uncommittedBytes > 0 && bytes > 0 && leader.uncommittedBytes + bytes > maxUncommittedBytes) return false
    leader.uncommittedBytes += bytes
    return true
  }
  #settleBytes(leader: Leader, index: Index): void {
    const { log } = this
    let bytes = 0
    for (let at = log.applied + 1; at <= index; at++) {
      const entry = log.at(at)!
      // What was proposed in an earlier term was never counted here.
      if (entry.term === this.term) bytes += payloadBytes(entry)
    }
    leader.uncommittedBytes = Math.max(0, leader.uncommittedBytes - bytes)
  }
}

/** Answers count only from members: from anybody else they are old, or mistaken. */
function isAnswer({ type }: Message): boolean {
  return type === 'appendReply' || type === 'heartbeatReply' || type === 'voteReply' || type === 'preVoteReply' || type === 'readIndexReply'
}
