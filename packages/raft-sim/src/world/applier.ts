import type { Entry, MembershipEntry, Raft, Ready, Snapshot } from 'raft-core'
import type { Callers } from './callers.ts'
import type { SimNode } from './node.ts'
import { Snapshots } from './snapshots.ts'
import { DigestMachine } from './state-machine.ts'

/** What the applier needs of the driver that it works for. */
export interface CoreAccess {
  readonly core: Raft
  input<T>(call: (core: Raft) => T): T
  /** The Ready of the synchronous mode is done with: `advance` is called from here, so that a change of membership can be seen. */
  idle(): void
  whenAwake(run: () => void): void
}

/** Feeds one node's state machine with what its core says is committed, and tells the core when that is done. */
export class Applier {
  readonly machine = new DigestMachine()
  readonly #node: SimNode
  readonly #driver: CoreAccess
  readonly #callers: Callers
  readonly #snapshots: Snapshots
  #lastAt = 0

  constructor(node: SimNode, driver: CoreAccess, callers: Callers) {
    this.#node = node
    this.#driver = driver
    this.#callers = callers
    const { snapshot } = node.disk
    if (snapshot !== undefined) this.machine.restore(snapshot.index, snapshot.term, snapshot.data)
    this.#snapshots = new Snapshots(node, driver, this.machine)
  }

  /** In the order of the Readys, at once or a little later. */
  plan(ready: Ready): void {
    const { schedule, scenario } = this.#node.world
    const [low, high] = scenario.applyMs
    if (high === 0) return this.#apply(ready)
    this.#lastAt = Math.max(this.#lastAt, schedule.now) + low + (high - low) * this.#node.random.next()
    schedule.after(this.#lastAt - schedule.now, () => this.#driver.whenAwake(() => this.#apply(ready)))
  }

  #apply(ready: Ready): void {
    const { options, applyEach } = this.#node.world.scenario
    if (ready.snapshot !== undefined) this.#restore(ready.snapshot)
    const changes = ready.apply.filter(({ type }) => type === 'membership') as MembershipEntry[]
    // The synchronous mode ends with one call for all, which then cannot show the memberships in between.
    const each = applyEach || (!options.overlapping && changes.length > 1)
    for (const entry of ready.apply) this.#applyEntry(entry, each, options.overlapping)
    if (options.overlapping) this.#finish(ready, each)
    else this.#finishSynchronous(ready, each ? undefined : changes[0])
    this.#callers.serve(this.machine.index)
    this.#snapshots.takeIfDue()
  }

  #restore(snapshot: Snapshot): void {
    const { world, ghost } = this.#node
    this.machine.restore(snapshot.index, snapshot.term, snapshot.data)
    world.observer.restored(ghost, snapshot.index)
    this.#snapshots.installed(snapshot)
    world.coverage.saw('installed snapshot')
  }

  #applyEntry(entry: Entry, each: boolean, overlapping: boolean): void {
    const { world, ghost } = this.#node
    this.machine.apply(entry)
    world.observer.applied(ghost, entry, this.machine.digest)
    this.#callers.applied(entry)
    if (entry.type !== 'membership') return
    if (each) this.#applyMembership(entry, core => core.applyMembership(entry))
    else if (overlapping) this.#applyMembership(entry, core => core.appliedTo(entry.index))
  }

  #finish(ready: Ready, each: boolean): void {
    const last = ready.apply.at(-1)
    if (last !== undefined && (each || last.type !== 'membership')) this.#driver.input(core => core.appliedTo(last.index))
  }

  #finishSynchronous(ready: Ready, change: MembershipEntry | undefined): void {
    this.#driver.idle()
    if (change === undefined) this.#driver.input(core => core.advance(ready))
    else this.#applyMembership(change, core => core.advance(ready))
  }

  /** The same call can change the membership and commit under it: so the observer hears of the membership first. */
  #applyMembership(entry: MembershipEntry, call: (core: Raft) => void): void {
    this.#driver.input(core => {
      const led = core.role === 'leader'
      call(core)
      const { membership, membershipIndex } = core.status()
      // A snapshot that is still on its way to the disk may have the last word on the membership already.
      if (membershipIndex > entry.index) return this.#snapshots.superseded()
      this.#node.world.observer.reconfigured(this.#node.ghost, entry.index, membership)
      this.#snapshots.reconfigured(membership, membershipIndex)
      if (membershipIndex === entry.index) this.#saw(core, led)
    })
  }

  #saw(core: Raft, led: boolean): void {
    const { coverage } = this.#node.world
    const { outgoing, learners } = core.status().membership
    coverage.saw('membership change')
    if (outgoing.length > 0) coverage.saw('joint membership')
    if (learners.length > 0) coverage.saw('learner')
    if (led && core.role !== 'leader') coverage.saw('removed leader')
  }
}
