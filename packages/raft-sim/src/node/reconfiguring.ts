import type { Index } from 'raft-core'
import { Violation } from '../invariants/invariant.ts'
import type { Random } from '../random.ts'
import type { Clients } from './clients.ts'
import type { Machine } from './machine.ts'
import { recur } from './nemesis.ts'
import type { NodeWorld } from './world.ts'

type Settings = { readonly snapshotEntries: number; readonly trailingEntries: number }
type Demand<Result> = { readonly machine: Machine<Result>; readonly from: Index }

/** Few, where nodes start with far more. */
const demanded: Settings = { snapshotEntries: 5, trailingEntries: 2 }
/** In so many entries every node must have gone by that. */
const withinEntries = 60

/** Operators who change the settings of nodes while these run. */
export class Reconfiguring<Result> {
  readonly #world: NodeWorld<Result>
  readonly #random: Random

  constructor(world: NodeWorld<Result>) {
    this.#world = world
    this.#random = world.random.fork('reconfiguring')
  }

  start(): void {
    const { reconfigureMs, tickMs, faults } = this.#world.scenario
    if (reconfigureMs === undefined) return
    recur(this.#world, this.#random, reconfigureMs, () => {
      const up = this.#world.up()
      if (up.length === 0) return
      const settings = { snapshotEntries: this.#random.pick([1, 3, 30, 300]), trailingEntries: this.#random.pick([0, 3, 30]) }
      // With leases the ticks of all nodes must be the same.
      const ticks = faults.leaseMs === undefined ? { tickMs: tickMs / this.#random.pick([1, 1, 2]) } : {}
      const bytes = { snapshotBytesPerSecond: this.#random.pick([100_000, Number.POSITIVE_INFINITY]) }
      this.#change(this.#random.pick(up), { ...settings, ...ticks, ...bytes })
    })
  }

  #change({ running, number, id }: Machine<Result>, settings: Settings): void {
    if (running === undefined) return
    this.#world.event('member', number, () => `${id} is told ${JSON.stringify(settings)}`)
    running.process.enter(() => this.#world.check(() => running.node.reconfigure(settings)))
    this.#world.coverage.saw('settings changed')
  }

  /** Once everything is at rest all nodes are told to keep less: `isDone` once they do. */
  demand(clients: Clients<Result>): { readonly isDone: boolean } {
    const kept = { isDone: true }
    const leader = this.#world.leader()
    const { scenario, now } = this.#world
    if (scenario.reconfigureMs === undefined || leader === undefined) return kept
    const demands = this.#inTouch(leader)
    const normal = { tickMs: scenario.tickMs, snapshotBytesPerSecond: Number.POSITIVE_INFINITY }
    for (const { machine } of demands) this.#change(machine, { ...demanded, ...normal })
    kept.isDone = false
    const look = () => {
      const isLate = this.#world.now - now > 20 * scenario.timeoutMs
      const problem = demands.map(demand => problemOf(demand)).find(one => one !== undefined)
      kept.isDone = problem === undefined
      if (kept.isDone) return
      if (isLate && demands.every(({ machine, from }) => machine.applied - from > withinEntries))
        this.#world.fail(new Violation('settings', leader.id, `${problem}, ${withinEntries} entries after it was told`))
      clients.write(leader)
      this.#world.schedule.after(scenario.timeoutMs / 5, look)
    }
    look()
    return kept
  }

  #inTouch(leader: Machine<Result>): readonly Demand<Result>[] {
    const { network } = this.#world
    const near = this.#world.up().filter(({ id, core }) => {
      const isReached = id === leader.id || (!network.isCut(leader.id, id) && !network.isCut(id, leader.id))
      return isReached && core?.term === leader.core?.term && core?.leader === leader.core?.id
    })
    return near.map(machine => ({ machine, from: machine.applied }))
  }
}

/** What it keeps beyond what it was told to. */
function problemOf<Result>({ machine, from }: Demand<Result>): string | undefined {
  const { running, id } = machine
  if (running === undefined) return undefined
  const { snapshotIndex, first } = running.node.status()
  const { snapshotEntries, trailingEntries } = demanded
  if (snapshotIndex <= from) return `${id} has taken no snapshot since entry ${from}, and is to take one every ${snapshotEntries}`
  if (first > snapshotIndex - trailingEntries) return undefined
  return `${id} has a snapshot at ${snapshotIndex} and its log from ${first} on, and is to keep ${trailingEntries} entries`
}
