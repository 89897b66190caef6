import type { NodeId } from 'raft-core'
import { Violation } from '../invariants/invariant.ts'
import { liveness } from '../invariants/liveness.ts'
import type { Clients } from './clients.ts'
import type { Machine } from './machine.ts'
import type { NodeWorld } from './world.ts'

/** In election timeouts: to be let go, and to have another leader that serves. */
const withinTimeouts = 20

/**
 * In runs whose membership changes, the leader is asked to remove itself once everything is at rest, and loses its power as soon as it has
 * said that this is done. Those who are left must go on without it.
 */
export class LeavingLeader<Result> {
  readonly #world: NodeWorld<Result>

  constructor(world: NodeWorld<Result>) {
    this.#world = world
  }

  /** `isDone` once another leader has served a write, or where nobody would be left. */
  demand(clients: Clients<Result>): { readonly isDone: boolean } {
    const demanded = { isDone: true }
    const { scenario, operators, schedule } = this.#world
    const leader = this.#world.leader()
    const { core } = leader ?? {}
    const isOne = core !== undefined && core.status().membership.voters.length > 1 && !operators.isAtRisk
    if (scenario.faults.membershipMs === undefined || leader === undefined || !isOne) return demanded
    demanded.isDone = false
    const done = () => {
      demanded.isDone = true
    }
    const timeoutMs = withinTimeouts * scenario.timeoutMs
    const { id } = core
    const left = () => {
      this.#world.event('fault', leader.number, () => `${leader.id} has removed itself, and is switched off`)
      leader.isRetired = true
      leader.crash('power cut')
      this.#await(clients, schedule.now + timeoutMs, done)
    }
    leader.ask(timeoutMs, node => node.membership.remove(id, { timeoutMs }), {
      value: left,
      error: ({ code, message }) => {
        // An operator who had asked for the same before has closed it already.
        if (leader.state !== 'up') return left()
        this.#fail(id, `${leader.id} leads, and does not get itself removed: ${code}: ${message}`)
      },
    })
    return demanded
  }

  #await(clients: Clients<Result>, until: number, done: () => void): void {
    const { schedule, scenario } = this.#world
    let isServed = false
    const look = () => {
      if (isServed) {
        this.#world.coverage.saw('leader left')
        return done()
      }
      if (schedule.now > until) return this.#fail(undefined, 'its leader has left, and nobody serves in its place')
      const next: Machine<Result> | undefined = this.#world.leader()
      if (next !== undefined) {
        clients.write(next, () => {
          isServed = true
        })
      }
      schedule.after(scenario.timeoutMs / 3, look)
    }
    look()
  }

  #fail(id: NodeId | undefined, text: string): void {
    this.#world.fail(new Violation(liveness.name, id, text))
  }
}
