import type { Message, Raft, Ready } from 'raft-core'
import type { CoreAccess } from './applier.ts'
import { Applier } from './applier.ts'
import { Callers } from './callers.ts'
import type { DiskBatch } from './disk.ts'
import type { SimNode } from './node.ts'
import { digestIn } from './state-machine.ts'

type Save = { readonly ready: Ready; readonly batch: DiskBatch; synced: boolean }

/**
 * Performs the Readys of one core, from its start to its crash, as the contract in raft-core's ready.ts says. A save takes time, and
 * so may applying; with `overlapping`, more Readys are taken meanwhile.
 */
export class Driver implements CoreAccess {
  readonly core: Raft
  readonly callers: Callers
  readonly #node: SimNode
  readonly #applier: Applier
  /** Oldest first. */
  readonly #saves: Save[] = []
  #lastSaveAt = 0
  /** A Ready of the synchronous mode is being performed. */
  #busy = false
  #pumping = false
  #finishing = false
  #alive = true

  constructor(node: SimNode, core: Raft) {
    this.#node = node
    this.core = core
    this.callers = new Callers(node)
    this.#applier = new Applier(node, this, this.callers)
  }

  die(): void {
    this.#alive = false
  }
  whenAwake(run: () => void): void {
    this.#node.whenAwake(this, run)
  }
  idle(): void {
    this.#busy = false
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
    observer.arrives(this.#node.ghost, message, this.core)
    this.core.step(message)
    observer.arrived(this.#node.ghost, message, this.core)
    this.#called()
    this.pump()
  }

  tick(): void {
    const { journal, schedule } = this.#node.world
    const { role, term } = this.core
    const wasIdle = !this.core.hasReady()
    journal.hold()
    this.core.tick(this.#node.clock())
    this.#node.world.observer.ticked(this.#node.ghost, this.core)
    if ((wasIdle && this.core.hasReady()) || this.core.role !== role || this.core.term !== term) {
      journal.record('timeout', schedule.now, this.#node, 0, 0, () => `${role} in term ${term}`)
    }
    journal.release()
    this.#called()
    this.pump()
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
    for (const read of ready.reads) this.callers.answered(read, ghost.applied)
    world.observer.settled(ghost)
    const batch: DiskBatch = {
      hardState,
      entries,
      chains,
      snapshot,
      snapshotChain: snapshot === undefined ? 0 : ghost.log.chainAt(snapshot.index)!,
    }
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
    schedule.after(this.#lastSaveAt - schedule.now, () => this.whenAwake(() => this.#synced(save)))
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
    if (ready.apply.length > 0 || ready.snapshot !== undefined) this.#applier.plan(ready)
    else if (!world.scenario.options.overlapping) this.#advance(ready)
  }

  #acknowledge(ready: Ready): void {
    if (!this.#node.world.scenario.stepwise) return this.input(core => core.saved(ready))
    const { receipt } = ready
    for (const message of receipt.promises) if (message.to === this.#node.id) this.input(core => core.stepOwn(message))
    this.input(core => core.settle(receipt))
  }

  #advance(ready: Ready): void {
    this.idle()
    this.input(core => core.advance(ready))
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
