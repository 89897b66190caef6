import type { Index, Term } from 'raft-core'
import type { Node, RaftError } from 'raft-node'
import { Violation } from '../invariants/invariant.ts'
import type { Random } from '../random.ts'
import type { Machine } from './machine.ts'
import { recur } from './nemesis.ts'
import type { NodeWorld } from './world.ts'

/** How old the data was when somebody asked, as the node said. */
type Age = { readonly told: number | undefined; readonly applied: Index; readonly now: number }

/**
 * Clients who do for themselves what others leave to `read`: they ask for an index and wait for it, ask a leader whether it is one, or
 * ask for data that is not too old.
 */
export class Asking<Result> {
  readonly #world: NodeWorld<Result>
  readonly #random: Random
  #count = 0

  constructor(world: NodeWorld<Result>) {
    this.#world = world
    this.#random = world.random.fork('asking')
  }

  start(): void {
    const { askMs } = this.#world.scenario
    if (askMs === undefined) return
    const again = (act: (machine: Machine<Result>) => void, all: () => readonly Machine<Result>[]) =>
      recur(this.#world, this.#random, askMs, () => {
        const machines = all()
        if (machines.length > 0) act(this.#random.pick(machines))
      })
    const up = () => this.#world.up()
    again(machine => this.#readByIndex(machine), up)
    again(machine => this.#readBounded(machine), up)
    again(
      machine => this.#verifyLeader(machine),
      () => this.#believers(),
    )
  }

  /** Those who believe that they lead, there may be several; now and then anybody. */
  #believers(): readonly Machine<Result>[] {
    const up = this.#world.up()
    return this.#random.chance(0.1) ? up : up.filter(({ core }) => core?.role === 'leader')
  }

  /** Together the two calls are worth as much as a `read`. */
  #readByIndex(machine: Machine<Result>): void {
    const { schedule, journal, coverage, application } = this.#world
    const { cluster, watch, application: store } = machine
    if (cluster === undefined || watch === undefined || store === undefined) return
    const question = application.question(this.#random)
    const text = `read ${++this.#count} by index of ${question}`
    const timeoutMs = this.#world.callTimeout()
    journal.record('read', schedule.now, machine, this.#count, 0, () => text)
    const call = cluster.history.asks(text)
    const committed = cluster.ghost.committed.last
    const wait = async (node: Node<Result>) => {
      const index = await node.readIndex({ timeoutMs })
      return { index, reached: await node.waitForApplied(index, { timeoutMs }) }
    }
    machine.ask(2 * timeoutMs, wait, {
      value: ({ index, reached }) => {
        if (index < committed)
          throw broken('client', machine, `${text}: the index is ${index}; ${committed} was committed when it was asked`)
        if (reached < index || watch.applied < index)
          throw broken('client', machine, `${text}: waiting for ${index} ended at ${reached}, with ${watch.applied} applied`)
        const answer = store.answer(question)
        journal.record('answer', schedule.now, machine, index, watch.stateAt, () => `${text} is ${answer} at ${watch.stateAt}`)
        cluster.history.read(call, question, answer, watch.stateAt, false)
        coverage.saw('read by index')
      },
      error: error => this.#failed(machine, text, error),
    })
  }

  #verifyLeader(machine: Machine<Result>): void {
    const { schedule, journal } = this.#world
    const { cluster } = machine
    if (cluster === undefined) return
    const timeoutMs = this.#world.callTimeout()
    journal.record('read', schedule.now, machine, 0, 0, () => 'does it lead?')
    const { latestLedTerm, committed } = cluster.ghost
    const before = { led: latestLedTerm, committed: committed.last }
    machine.ask(timeoutMs, node => node.verifyLeader({ timeoutMs }), {
      value: term => this.#verified(machine, term, before),
      error: error => this.#failed(machine, 'a question whether it leads', error),
    })
  }

  /** `before`: when it was asked. */
  #verified(machine: Machine<Result>, term: Term, before: { readonly led: Term; readonly committed: Index }): void {
    const { schedule, journal, coverage } = this.#world
    const { watch, cluster, id } = machine
    journal.record('answer', schedule.now, machine, term, 0, () => `leads term ${term}`)
    const wrong = (why: string) => broken('verified-leader', machine, `${id} is told that it leads term ${term}${why}`)
    const leader = cluster?.ghost.leaders.get(term)?.id
    if (leader !== watch?.core?.id) throw wrong(`, which ${leader ?? 'nobody'} has led`)
    if (term < before.led) throw wrong(`; when it asked, term ${before.led} had a leader`)
    const applied = watch?.applied ?? 0
    if (applied < before.committed) throw wrong(` with ${applied} applied; when it asked, ${before.committed} was committed`)
    coverage.saw('verified leader')
  }

  /** What a node has, unless it is too old: by the clock of that node. */
  #readBounded(machine: Machine<Result>): void {
    const { schedule, journal, coverage, scenario } = this.#world
    const { cluster, watch, running, clock } = machine
    if (cluster === undefined || watch === undefined || running === undefined || clock === undefined) return
    const { process } = running
    const maxAgeMs = this.#random.spread(1, 4 * scenario.timeoutMs)
    const timeoutMs = this.#world.callTimeout()
    const text = `a read of what is at most ${maxAgeMs} ms old`
    journal.record('read', schedule.now, machine, maxAgeMs, 0, () => text)
    let age: Age | undefined
    const read = (node: Node<Result>) => {
      age = { told: node.ageMs, applied: watch.applied, now: process.now }
      return node.read({ consistency: 'stale', maxAgeMs, timeoutMs })
    }
    machine.ask(timeoutMs, read, {
      value: index => {
        const { applied, now } = age!
        if (index > applied) throw broken('staleness', machine, `${text} ends at ${index}, and ${applied} is applied`)
        cluster.staleness.check(machine.id, maxAgeMs / clock.rate, applied, now)
        coverage.saw('bounded stale read')
      },
      error: error => {
        this.#failed(machine, text, error)
        if (error.code !== 'TOO_STALE') return
        const told = age?.told
        if (told !== undefined && told <= maxAgeMs) throw broken('staleness', machine, `${text} is refused, and the node says ${told} ms`)
        coverage.saw('too stale')
      },
    })
  }

  #failed(machine: Machine<Result>, what: string, { code, outcome }: RaftError): void {
    const { schedule, journal } = this.#world
    journal.record('answer', schedule.now, machine, 0, code.length, () => `${what} fails: ${code}, ${outcome}`)
  }
}

function broken(promise: 'client' | 'staleness' | 'verified-leader', { id }: { readonly id: string }, message: string): Violation {
  return new Violation(promise, id, message)
}
