import { Violation } from '../invariants/invariant.ts'
import { repair } from '../invariants/repair.ts'
import type { Random } from '../random.ts'
import { strike } from './damage.ts'
import type { Machine } from './machine.ts'
import { duration } from './nemesis.ts'
import { backlogMs } from './recovery.ts'
import type { NodeWorld } from './world.ts'

/** In election timeouts, beside the time that the entries themselves take. */
const withinTimeouts = 20

/** In runs whose disks are damaged, one more is once everything is at rest: its node must become whole though nobody writes any more. */
export class QuietRepair<Result> {
  readonly #world: NodeWorld<Result>
  readonly #random: Random

  constructor(world: NodeWorld<Result>) {
    this.#world = world
    this.#random = world.random.fork('quiet repair')
  }

  /** `isDone` once the node is whole, or where no disk can be spared. */
  demand(): { readonly isDone: boolean } {
    const demanded = { isDone: true }
    const { scenario, operators, schedule } = this.#world
    const leader = this.#world.leader()
    if (scenario.faults.damageMs === undefined || leader === undefined || !operators.mayLoseOne()) return demanded
    demanded.isDone = false
    if (this.#random.chance(0.5)) this.#hurry()
    // A snapshot that is sent then reaches up to the end of the leader's log at once.
    if (this.#random.chance(0.7)) this.#takeSnapshot(leader)
    schedule.after(2 * scenario.timeoutMs, () => {
      this.#damageOne(() => {
        demanded.isDone = true
      })
    })
    return demanded
  }

  /** All of a snapshot between two heartbeats: these bring forth messages that nothing else may. */
  #hurry(): void {
    const { faults, network } = this.#world
    this.#world.faults = { ...faults, network: { ...faults.network, delayMs: [0.1, 0.5] }, syncMs: [0.1, 0.5] }
    network.heal(this.#world.faults.network)
  }

  #takeSnapshot(leader: Machine<Result>): void {
    const { journal, schedule } = this.#world
    const timeoutMs = this.#world.callTimeout()
    leader.running?.process.enter(() => leader.running?.node.reconfigure({ trailingEntries: 0 }))
    const ended = (text: string) => journal.record('answer', schedule.now, leader, 0, text.length, () => `a snapshot before it: ${text}`)
    leader.ask(timeoutMs, node => node.snapshot({ timeoutMs }), {
      value: index => ended(`up to ${index}`),
      error: ({ code }) => ended(code),
    })
  }

  #damageOne(done: () => void, triesLeft = 10): void {
    const { scenario, schedule, operators, mainCluster } = this.#world
    // Where the leader is the one, the next begins with an entry of its own.
    const machines = this.#world.up().filter(one => one.cluster === mainCluster && one.core?.role !== 'leader')
    if (machines.length === 0 || !operators.mayLoseOne()) return done()
    const machine = this.#random.pick(machines)
    const { timeoutMs } = scenario
    // Where nothing is damaged it is killed, perhaps, and must come back like any other; or it is saving something, and has to wait.
    strike(this.#world, machine, this.#random)
    if (machine.state === 'up' && triesLeft > 0) return schedule.after(timeoutMs / 20, () => this.#damageOne(done, triesLeft - 1))
    if (machine.state === 'down') schedule.after(duration(this.#random, [timeoutMs / 10, 4 * timeoutMs]), () => machine.start())
    this.#await(machine, done)
  }

  #await(machine: Machine<Result>, done: () => void): void {
    const { schedule, scenario, now, coverage } = this.#world
    const until = now + withinTimeouts * scenario.timeoutMs + backlogMs(this.#world, machine.watch?.ghost?.log.last ?? 0)
    let repaired = false
    const look = () => {
      const missing = problemOf(machine)
      if (machine.core?.status().repairing) repaired = true
      if (missing === undefined) {
        if (repaired) coverage.saw('repair in quiet')
        return done()
      }
      if (this.#world.now > until) this.#world.fail(new Violation(repair.name, machine.id, `nobody writes, and ${missing}`))
      schedule.after(scenario.timeoutMs / 10, look)
    }
    look()
  }
}

function problemOf<Result>({ id, running, core, fault, state }: Machine<Result>): string | undefined {
  if (running === undefined || core === undefined) return `${id} is ${state}`
  if (fault !== undefined) return `${id} does not serve: ${fault}`
  return core.status().repairing ? `the repair of ${id} does not end` : undefined
}
