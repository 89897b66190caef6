import type { Entry, Index, MembershipEntry, Message, Raft, Ready, ReadState } from 'raft-core'
import type { DiskBatch } from './disk.ts'
import type { SimNode } from './node.ts'
import { Snapshots } from './snapshots.ts'
import { DigestMachine, digestIn } from './state-machine.ts'

type Save = { readonly ready: Ready; readonly batch: DiskBatch; synced: boolean }

/**
 * Performs the Readys of one core, from its start to its crash, as the contract in raft-core's ready.ts says. A save takes time, and
 * so may applying; with `overlapping`, more Readys are taken meanwhile.
 */
export class Driver {
  readonly core: Raft
  readonly machine = new DigestMachine()
  readonly #node: SimNode
  readonly #snapshots: Snapshots
  /** Oldest first. */
  readonly #saves: Save[] = []
  #lastSaveAt = 0
  #lastApplyAt = 0
  /** A Ready of the synchronous mode is being performed. */
  #busy = false
  #pumping = false
  #finishing = false
  #alive = true
  /** Who waits for a read; the reads that wait for the state machine; the proposals that wait for their entry. By context, by index. */
  readonly #readers = new Map<string, () => void>()
  readonly #reads = new Map<string, Index>()
  readonly #writes = new Map<Index, { readonly term: number; readonly done: () => void }>()

  constructor(node: SimNode, core: Raft) {
    this.#node = node
    this.core = core
    const { snapshot } = node.disk
    if (snapshot !== undefined) this.machine.restore(snapshot.index, snapshot.term, snapshot.data)
    this.#snapshots = new Snapshots(node, this)
  }

  die(): void {
    this.#alive = false
  }

  // ── inputs ──

  /** Every call into the core is followed by a look at what it changed, and by the work that it made. */
  input<T>(call: (core: Raft) => T): T {
    const result = call(this.core)
    this.#called()
    this.pump()
    return result
  }

  receive(message: Message): void {
    const { observer } = this.#node.world
    observer.arrives(this.#node.ghost, message)
    this.core.step(message)
    observer.arrived(this.#node.ghost, message, this.core)
    this.#called()
    this.pump()
  }

  tick(): void {
    const { journal, schedule } = this.#node.world
    const { role, term } = this.core
    this.#node.ghost.ticksSinceLeader++
    journal.hold()
    this.core.tick()
    if (this.core.hasReady() || this.core.role !== role || this.core.term !== term) {
      journal.record('timeout', schedule.now, this.#node, 0, 0, () => `${role} in term ${term}`)
    }
    journal.release()
    this.#called()
    this.pump()
  }

  /** Calls `done` once the entry at this position is applied here; never if another takes its place. */
  awaitWrite(term: number, index: Index, done: () => void): void {
    this.#writes.set(index, { term, done })
  }

  /** Calls `done` when the read is served; never if it expires. */
  read(context: string, done: () => void): void {
    this.#node.world.observer.readAsked(this.#node.ghost, context)
    this.#readers.set(context, done)
    if (!this.input(core => core.read(context)).accepted) this.#readers.delete(context)
  }

  #called(): void {
    this.#node.world.observer.called(this.#node.ghost, this.core)
  }

  // ── Readys ──

  /** Takes the Readys that there are, as many as may be in flight. */
  pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    const { maxSaves, options } = this.#node.world.scenario
    while (this.#alive && this.core.hasReady() && (options.overlapping ? this.#saves.length < maxSaves : !this.#busy)) this.#take()
    this.#pumping = false
  }

  #take(): void {
    const { world, ghost } = this.#node
    const ready = this.core.ready()
    const { entries, hardState, snapshot } = ready
    if (entries.length > 0 && entries[0]!.index <= ghost.log.last) world.coverage.saw('truncation')
    const chains = world.observer.took(ghost, this.core, ready, snapshot === undefined ? 0 : digestIn(snapshot.data))
    for (const message of ready.send) world.send(this.#node, message)
    for (const read of ready.reads) this.#answer(read)
    world.observer.settled(ghost)
    const batch: DiskBatch = { hardState, entries, chains, snapshot, snapshotChain: snapshot === undefined ? 0 : ghost.log.chainAt(snapshot.index)! }
    if (hardState !== undefined || ready.mustSync) this.#node.disk.write(batch)
    const save: Save = { ready, batch, synced: !ready.mustSync }
    this.#saves.push(save)
    this.#busy = true
    if (this.#saves.length > 1) world.coverage.saw('overlapping saves')
    if (ready.mustSync) this.#planSave(save)
    else this.#finishSaves()
  }

  #planSave(save: Save): void {
    const { schedule, faults } = this.#node.world
    const { random } = this.#node
    const [low, high] = faults.saveMs
    const slow = faults.slowSaveRate > 0 && random.chance(faults.slowSaveRate) ? random.next() * faults.slowSaveMs : 0
    this.#lastSaveAt = Math.max(this.#lastSaveAt, schedule.now) + low + (high - low) * random.next() ** 2 + slow
    schedule.after(this.#lastSaveAt - schedule.now, () => this.#node.whenAwake(this, () => this.#synced(save)))
  }

  #synced(save: Save): void {
    const { world, disk } = this.#node
    const { term } = save.ready.receipt
    world.journal.record('saved', world.schedule.now, this.#node, save.batch.entries.length, term, () => describeSave(save))
    disk.sync(save.batch)
    save.synced = true
    this.#finishSaves()
    world.saved(this.#node)
  }

  /** In the order in which they were made. Those that need no sync end with the ones before them. */
  #finishSaves(): void {
    if (this.#finishing) return
    this.#finishing = true
    while (this.#saves[0]?.synced) this.#finish(this.#saves.shift()!.ready)
    this.#finishing = false
  }

  #finish(ready: Ready): void {
    const { world } = this.#node
    for (const message of ready.sendAfterSave) world.send(this.#node, message)
    if (world.scenario.options.overlapping) this.#acknowledge(ready)
    if (ready.apply.length > 0 || ready.snapshot !== undefined) this.#planApply(ready)
    else if (!world.scenario.options.overlapping) this.#advance(ready)
  }

  #acknowledge(ready: Ready): void {
    if (!this.#node.world.scenario.stepwise) return this.input(core => core.saved(ready))
    const { receipt } = ready
    for (const message of receipt.promises) if (message.to === this.#node.id) this.input(core => core.stepOwn(message))
    this.input(core => core.settle(receipt))
  }

  #advance(ready: Ready): void {
    this.#busy = false
    this.input(core => core.advance(ready))
  }

  // ── applying ──

  #planApply(ready: Ready): void {
    const { schedule, scenario } = this.#node.world
    const [low, high] = scenario.applyMs
    if (high === 0) return this.#apply(ready)
    this.#lastApplyAt = Math.max(this.#lastApplyAt, schedule.now) + low + (high - low) * this.#node.random.next()
    schedule.after(this.#lastApplyAt - schedule.now, () => this.#node.whenAwake(this, () => this.#apply(ready)))
  }

  #apply(ready: Ready): void {
    const { options } = this.#node.world.scenario
    if (ready.snapshot !== undefined) this.#restore(ready)
    const changes = ready.apply.filter(({ type }) => type === 'membership') as MembershipEntry[]
    // The synchronous mode ends with one call for all, which then cannot show the memberships in between.
    const each = this.#node.world.scenario.applyEach || (!options.overlapping && changes.length > 1)
    for (const entry of ready.apply) this.#applyEntry(entry, each, options.overlapping)
    const last = ready.apply.at(-1)
    if (!options.overlapping) this.#finishSynchronous(ready, each ? undefined : changes[0])
    else if (last !== undefined && (each || last.type !== 'membership')) this.input(core => core.appliedTo(last.index))
    this.#serveReads()
    this.#snapshots.takeIfDue()
  }

  #restore({ snapshot }: Ready): void {
    const { world, ghost } = this.#node
    const { index, term, data } = snapshot!
    this.machine.restore(index, term, data)
    world.observer.restored(ghost, index)
    this.#snapshots.installed(snapshot!)
    world.coverage.saw('installed snapshot')
  }

  #applyEntry(entry: Entry, each: boolean, overlapping: boolean): void {
    const { world, ghost } = this.#node
    this.machine.apply(entry)
    world.observer.applied(ghost, entry, this.machine.digest)
    const write = this.#writes.get(entry.index)
    if (write !== undefined) {
      this.#writes.delete(entry.index)
      if (write.term === entry.term) write.done()
    }
    if (entry.type !== 'membership') return
    if (each) this.#applyMembership(entry, core => core.applyMembership(entry))
    else if (overlapping) this.#applyMembership(entry, core => core.appliedTo(entry.index))
  }

  #finishSynchronous(ready: Ready, change: MembershipEntry | undefined): void {
    this.#busy = false
    if (change === undefined) this.input(core => core.advance(ready))
    else this.#applyMembership(change, core => core.advance(ready))
  }

  /** The same call can change the membership and commit under it: so the observer hears of the membership first. */
  #applyMembership(entry: MembershipEntry, call: (core: Raft) => void): void {
    const { world, ghost } = this.#node
    const led = this.core.role === 'leader'
    call(this.core)
    const { membership, membershipIndex } = this.core.status()
    if (membershipIndex > entry.index) {
      // A snapshot that is still on its way to the disk has the last word on the membership already.
      this.#snapshots.superseded()
      this.#called()
      return this.pump()
    }
    world.observer.reconfigured(ghost, entry.index, membership)
    this.#snapshots.reconfigured(membership, membershipIndex)
    if (membershipIndex === entry.index) {
      world.coverage.saw('membership change')
      if (membership.outgoing.length > 0) world.coverage.saw('joint membership')
      if (membership.learners.length > 0) world.coverage.saw('learner')
      if (led && this.core.role !== 'leader') world.coverage.saw('removed leader')
    }
    this.#called()
    this.pump()
  }

  // ── reads ──

  #answer(read: ReadState): void {
    const { world, ghost } = this.#node
    if ('expired' in read) {
      world.coverage.saw('expired read')
      this.#readers.delete(read.context)
      return
    }
    world.observer.readReleased(ghost, read.context, read.index)
    this.#reads.set(read.context, read.index)
    this.#serveReads()
  }

  #serveReads(): void {
    if (this.#reads.size === 0) return
    for (const [context, index] of this.#reads) if (index <= this.machine.index) this.#serve(context)
  }
  #serve(context: string): void {
    const { world, ghost } = this.#node
    this.#reads.delete(context)
    world.observer.readServed(ghost, context)
    world.coverage.saw('linearizable read')
    if (this.core.role !== 'leader') world.coverage.saw('read on a follower')
    this.#readers.get(context)?.()
    this.#readers.delete(context)
  }
}

function describeSave({ ready, batch }: Save): string {
  const parts: string[] = []
  const { hardState, snapshot, entries } = batch
  if (hardState) parts.push(`term=${hardState.term} vote=${hardState.vote ?? '-'} commit=${hardState.commit}`)
  if (snapshot) parts.push(`snapshot=${snapshot.index}`)
  if (entries.length > 0) parts.push(`entries=${entries[0]!.index}..${entries[entries.length - 1]!.index}`)
  if (ready.sendAfterSave.length > 0) parts.push(`then sends ${ready.sendAfterSave.length}`)
  return parts.join(' ')
}
