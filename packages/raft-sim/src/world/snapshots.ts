import type { Index, Membership, Raft, Snapshot } from 'raft-core'
import { noMembers } from 'raft-core'
import type { CoreAccess } from './applier.ts'
import type { SimNode } from './node.ts'
import type { DigestMachine } from './state-machine.ts'

/** When one node takes a snapshot of its state machine, and how much of the log it forgets then. */
export class Snapshots {
  readonly #node: SimNode
  readonly #driver: CoreAccess
  readonly #machine: DigestMachine
  #membership: Membership
  #membershipIndex: Index
  #taken: Index
  #writing = false
  #superseded = false

  constructor(node: SimNode, driver: CoreAccess, machine: DigestMachine) {
    this.#node = node
    this.#driver = driver
    this.#machine = machine
    const { snapshot } = node.disk
    this.#membership = snapshot?.membership ?? noMembers
    this.#membershipIndex = snapshot?.membershipIndex ?? snapshot?.index ?? 0
    this.#taken = snapshot?.index ?? 0
  }

  reconfigured(membership: Membership, index: Index): void {
    this.#membership = membership
    this.#membershipIndex = index
  }
  /** What the core says of the membership is not true of the state machine yet: no snapshot until it has caught up. */
  superseded(): void {
    this.#superseded = true
  }
  installed({ index, membership, membershipIndex }: Snapshot): void {
    this.#membership = membership
    this.#membershipIndex = membershipIndex ?? index
    this.#taken = Math.max(this.#taken, index)
    this.#superseded = false
  }

  takeIfDue(): void {
    const machine = this.#machine
    const due = machine.index - this.#taken >= this.#node.world.scenario.snapshotEvery
    if (!due || this.#writing || this.#superseded) return
    const { world, disk, ghost, random } = this.#node
    const { index, term } = machine
    const snapshot: Snapshot = {
      index,
      term,
      membership: this.#membership,
      membershipIndex: this.#membershipIndex,
      data: machine.snapshot(),
    }
    this.#writing = true
    this.#taken = index
    disk.writeSnapshot(snapshot, ghost.appliedChain)
    const [low, high] = world.faults.saveMs
    world.schedule.after(low + 3 * (high - low) * random.next(), () => this.#driver.whenAwake(() => this.#written(snapshot)))
  }

  #written(snapshot: Snapshot): void {
    const { world, disk } = this.#node
    this.#writing = false
    if (disk.snapshotWritten()) {
      world.journal.record('snapshot', world.schedule.now, this.#node, snapshot.index, 0, () => `taken at ${snapshot.index}`)
      world.coverage.saw('snapshot taken')
      this.#driver.input(core => core.snapshotTaken(snapshot))
      this.#compact(snapshot.index - world.scenario.trailing)
    }
    this.takeIfDue()
  }

  #compact(index: Index): void {
    const { world, disk, ghost } = this.#node
    if (index <= ghost.log.base) return
    world.observer.compacted(ghost, index)
    this.#driver.input((core: Raft) => core.compact(index))
    disk.compact(index)
    world.coverage.saw('compaction')
  }
}
