import type { Entry, HardState, MembershipEntry, Message, NodeId, Raft, RaftOptions, Ready, Snapshot } from 'raft-core'
import { stateOf } from 'raft-core/internal'
import type { Bounds } from './bounds.ts'
import type { Renaming } from './canonical.ts'
import { canonical } from './canonical.ts'
import type { Input } from './inputs.ts'
import type { NodeView, Reign } from './node-view.ts'

/** What a node finds when it starts. */
export type DiskImage = {
  readonly snapshot: Snapshot | undefined
  readonly hardState: HardState
  readonly entries: readonly Entry[]
}

/** Where a node's history begins: a disk, and what nobody forgets of the time before. */
export type Origin = { readonly id: NodeId; readonly disk: DiskImage; readonly reigns: readonly Reign[] }

/** A message that left, and what was on disk then. */
export type Sent = { readonly message: Message; readonly disk: DiskImage }

export type NodeSetup = {
  readonly bounds: Bounds
  readonly createCore: (options: RaftOptions) => Raft
  readonly trace?: RaftOptions['trace']
}

/** Short, since every tick is a call; long enough that a lease can end before the node campaigns. */
const electionTicks = 2

/** The real core of one node with its disk, and a driver that leaves out whatever a search has no use for. */
export class LiveNode {
  readonly core: Raft
  /** What left for other nodes in the last input. */
  sent: Sent[] = []
  readonly #id: NodeId
  readonly #bounds: Bounds
  #disk: DiskImage
  /** Written without a flush: it is lost with the power, unless the next batch takes it along. */
  #unflushed: HardState | undefined
  /** Readys whose saves have not ended. The first one has something to flush. */
  readonly #saves: Ready[] = []
  readonly #reigns: Reign[]
  #commitAsLeader = 0

  constructor({ bounds, createCore, trace }: NodeSetup, { id, disk, reigns }: Origin) {
    this.#id = id
    this.#bounds = bounds
    this.#disk = disk
    this.#reigns = [...reigns]
    this.core = createCore({
      id,
      restored: disk,
      random: () => 0.99,
      electionTicks,
      preVote: bounds.preVote,
      checkQuorum: bounds.preVote,
      overlapping: true,
      maxApplyBytes: Infinity,
      ...(bounds.smallMessages && { maxMessageBytes: 0 }),
      trace,
    })
    this.#pump()
  }

  /** Where it would start again after a power cut. */
  crashed(kept: boolean): Origin {
    const hardState = kept && this.#unflushed !== undefined ? this.#unflushed : this.#disk.hardState
    return { id: this.#id, disk: { ...this.#disk, hardState }, reigns: this.#reigns }
  }

  perform(input: Exclude<Input, { type: 'crash' }>): void {
    this.sent = []
    const { core } = this
    if (input.type === 'deliver') core.step(input.message)
    else if (input.type === 'propose') core.propose(input.data)
    else if (input.type === 'change') core.proposeMembership(input.change)
    else if (input.type === 'heartbeat') core.tick()
    else if (input.type === 'lease ends') for (let i = 0; i < electionTicks; i++) core.tick()
    else if (input.type === 'save') this.#finishSave()
    else this.#timeOut()
    this.#pump()
  }

  #timeOut(): void {
    const { core } = this
    // No timeout is longer than twice the least one, and ready() has nothing before it ends.
    for (let i = 0; i < 2 * electionTicks && !core.hasReady(); i++) core.tick()
  }

  #pump(): void {
    const { core } = this
    this.#observe()
    while (core.hasReady()) {
      const ready = core.ready()
      this.#send(ready.send)
      if (ready.mustSync || this.#saves.length > 0) this.#saves.push(ready)
      else this.#finish(ready)
      if (this.#bounds.disk === 'instant') while (this.#saves.length > 0) this.#finishSave()
    }
  }

  #finishSave(): void {
    const first = this.#saves.shift()
    if (first === undefined) return
    this.#flush(first)
    this.#finish(first)
    while (this.#saves[0]?.mustSync === false) this.#finish(this.#saves.shift()!)
  }

  /** Everything that was written before goes with it; the hard state is always given as a whole. */
  #flush({ hardState, entries, snapshot }: Ready): void {
    const before = this.#disk
    const first = entries[0]
    const old = snapshot === undefined ? before.entries : []
    const kept = first === undefined ? old : old.filter(({ index }) => index < first.index)
    this.#disk = {
      snapshot: snapshot ?? before.snapshot,
      hardState: hardState ?? this.#unflushed ?? before.hardState,
      entries: entries.length === 0 ? kept : [...kept, ...entries],
    }
    this.#unflushed = undefined
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) this.sent.push({ message, disk: this.#disk })
  }
  #finish(ready: Ready): void {
    if (ready.hardState !== undefined && !ready.mustSync) this.#unflushed = ready.hardState
    this.#send(ready.sendAfterSave)
    this.core.saved(ready)
    this.#observe()
    // The state machine takes no time.
    const last = ready.apply.at(-1)
    if (last === undefined) return
    this.core.appliedTo(last.index)
    this.#observe()
  }

  /** Who led when, and what was committed then, is remembered for ever. */
  #observe(): void {
    const { core } = this
    if (core.role !== 'leader') return
    const reigns = this.#reigns
    const last = reigns.at(-1)
    if (last?.term !== core.term) reigns.push({ term: core.term, commit: 0, log: [] })
    else if (core.commit > this.#commitAsLeader) {
      reigns[reigns.length - 1] = { term: core.term, commit: core.commit, log: core.entries(1, core.commit) }
    }
    this.#commitAsLeader = core.commit
  }

  /** Everything that decides what this node will do, and what is remembered of it. */
  encode(renaming: Renaming): string {
    const state = { ...stateOf(this.core) } as Record<string, unknown>
    // Without leases nobody asks how long ago something was heard, and a node ticks only until it campaigns.
    if (!this.#bounds.preVote) state.elapsed = 0
    const saves = this.#saves.map(ready => pendingSave(ready, this.#id, renaming))
    return canonical([state, saves, this.#disk, this.#unflushed, this.#reigns], renaming)
  }

  view(): NodeView {
    const { core } = this
    const status = core.status()
    const log = core.entries(1, status.last.index)
    const disk = this.#disk
    return {
      id: this.#id,
      role: status.role,
      term: status.term,
      vote: status.vote,
      commit: status.commit,
      applied: status.applied,
      log,
      base: status.first - 1,
      membership: status.membership,
      membershipIndex: status.membershipIndex,
      disk: disk.hardState,
      diskBase: disk.snapshot?.index ?? 0,
      diskLog: disk.entries,
      reigns: [...this.#reigns],
      unapplied: log.filter(
        entry => entry.type === 'membership' && entry.index > status.applied && entry.index <= status.commit,
      ) as MembershipEntry[],
      matches: new Map(status.progress.map(({ id, match }) => [id, match])),
      leaseHolds: this.#bounds.preVote && status.leader !== undefined && status.role === 'follower' && this.#elapsed() < electionTicks,
      hasSaves: this.#saves.length > 0,
      mayKeep: this.#unflushed !== undefined,
    }
  }

  #elapsed(): number {
    return (stateOf(this.core) as { elapsed: number }).elapsed
  }
}

/** What is still to come of a Ready: its messages leave together, so their order means nothing, but its own answers are taken in turn. */
function pendingSave(
  { receipt, mustSync, hardState, entries, snapshot, sendAfterSave, apply }: Ready,
  id: NodeId,
  renaming: Renaming,
): object {
  const { term, last, snapshotIndex, promises } = receipt
  const leaving = sendAfterSave.map(message => canonical(message, renaming)).sort()
  const own = promises.filter(({ to }) => to === id)
  return { mustSync, hardState, entries, snapshot, leaving: leaving.join(' '), apply, term, last, snapshotIndex, own }
}
