import type { Consistency, RaftError } from 'raft-node'
import type { Range } from '../faults.ts'
import { Violation } from '../invariants/invariant.ts'
import type { Random } from '../random.ts'
import type { Machine } from './machine.ts'
import { duration, recur } from './nemesis.ts'
import type { NodeWorld } from './world.ts'

/** Those who use the cluster: each call goes to any node, and what came of it into the history. */
export class Clients<Result> {
  readonly #world: NodeWorld<Result>
  readonly #random: Random
  readonly #batching: Random
  #commands = 0
  #reads = 0

  constructor(world: NodeWorld<Result>) {
    this.#world = world
    this.#random = world.random.fork('clients')
    this.#batching = world.random.fork('batching clients')
  }

  start(): void {
    const { scenario, faults } = this.#world
    const again = (everyMs: number | undefined, act: (machine: Machine<Result>) => void) => {
      if (everyMs === undefined) return
      recur(this.#world, this.#random, everyMs, () => {
        const machine = this.#someone()
        if (machine !== undefined) act(machine)
      })
    }
    again(scenario.writeMs, machine => this.write(machine))
    if (scenario.sendsBatches) again(scenario.writeMs * 4, machine => this.#writeBatch(machine))
    again(scenario.readMs, machine => this.read(machine))
    again(scenario.readMs * 10, machine => this.#readStale(machine))
    again(scenario.readMs * 20, machine => this.#barrier(machine))
    again(scenario.readMs * 40, machine => this.#snapshot(machine))
    again(faults.transferMs, machine => this.#transfer(machine))
    const { stallAtRead, deafAtTransfer } = faults
    if (stallAtRead) recur(this.#world, this.#random, stallAtRead.everyMs, () => this.#readAndStall(stallAtRead.lastsMs))
    if (deafAtTransfer) recur(this.#world, this.#random, deafAtTransfer.everyMs, () => this.#transferDeaf(deafAtTransfer.lastsMs))
  }

  /** Calls `done` when it is acknowledged. */
  write(machine: Machine<Result>, done: () => void = () => {}): void {
    const { journal, schedule, coverage, application } = this.#world
    const { cluster } = machine
    if (cluster === undefined || machine.running === undefined) return
    const number = ++this.#commands
    const { bytes, text } = application.command(this.#random, number)
    const timeoutMs = this.#world.callTimeout()
    const forward = this.#random.chance(0.9)
    const signal = this.#mayAbort(timeoutMs)
    journal.record(
      'write',
      schedule.now,
      machine,
      number,
      0,
      () => `${number}: ${text}, ${timeoutMs} ms${forward ? '' : ', not forwarded'}`,
    )
    const call = cluster.history.writes(`write ${number} (${text})`, bytes)
    machine.ask(timeoutMs, node => node.apply(bytes, { timeoutMs, forward, signal }), {
      value: applied => {
        journal.record(
          'answer',
          schedule.now,
          machine,
          number,
          applied.index,
          () => `write ${number} is at ${applied.index}@${applied.term}`,
        )
        cluster.history.acknowledged(call, applied)
        coverage.saw('committed write')
        if (cluster.ghost.leaders.get(applied.term)?.id !== machine.core?.id) coverage.saw('forwarded write')
        done()
      },
      error: error => {
        this.#failed(machine, number, `write ${number}`, error)
        if (error.outcome === 'not-applied') cluster.history.failed(call, error)
      },
    })
  }

  /** Several at once: each has its own outcome, and those that are applied are next to each other. */
  #writeBatch(machine: Machine<Result>): void {
    const { journal, schedule, coverage, application } = this.#world
    const { cluster } = machine
    if (cluster === undefined || machine.running === undefined) return
    const timeoutMs = this.#world.callTimeout()
    const writes = Array.from({ length: this.#batching.between(2, 5) }, () => {
      const number = ++this.#commands
      const { bytes, text } = application.command(this.#batching, number)
      return { number, bytes, call: cluster.history.writes(`write ${number} of a batch (${text})`, bytes) }
    })
    const first = this.#commands - writes.length + 1
    journal.record('write', schedule.now, machine, first, writes.length, () => `a batch of ${writes.length} from ${first} on`)
    const failed = ({ number, call }: (typeof writes)[number], error: RaftError) => {
      this.#failed(machine, number, `write ${number} of a batch`, error)
      if (error.outcome === 'not-applied') cluster.history.failed(call, error)
    }
    const bytes = writes.map(write => write.bytes)
    machine.ask(timeoutMs, node => node.applyBatch(bytes, { timeoutMs }), {
      value: outcomes => {
        if (outcomes.length !== writes.length) throw broken(`${outcomes.length} outcomes of ${writes.length} commands`)
        coverage.saw('batch')
        const places = new Set<number>()
        for (const [at, outcome] of outcomes.entries()) {
          const write = writes[at] as (typeof writes)[number]
          if ('error' in outcome) failed(write, outcome.error)
          else {
            places.add(outcome.index - at)
            cluster.history.acknowledged(write.call, outcome)
          }
        }
        if (places.size > 1) throw broken(`the commands of the batch from write ${first} on are not next to each other`)
      },
      error: error => {
        for (const write of writes) failed(write, error)
      },
    })
  }

  /** Calls `done` when it is answered. */
  read(machine: Machine<Result>, done: () => void = () => {}): void {
    // Asked only where there is a choice: what other runs draw stays the same.
    const { leaseReadRate } = this.#world.scenario
    const byLease = leaseReadRate > 0 && this.#random.chance(leaseReadRate)
    this.#read(machine, byLease ? 'lease' : 'linearizable', done)
  }
  #readStale(machine: Machine<Result>): void {
    this.#read(machine, 'stale', () => {})
  }

  #read(machine: Machine<Result>, consistency: Consistency, done: () => void): void {
    const { journal, schedule, coverage, application } = this.#world
    const { cluster, watch, application: store } = machine
    if (cluster === undefined || watch === undefined || store === undefined) return
    const number = ++this.#reads
    const question = application.question(this.#random)
    const timeoutMs = this.#world.callTimeout()
    const text = `read ${number} of ${question}`
    journal.record('read', schedule.now, machine, number, 0, () => `${number}: ${question}, ${consistency}`)
    const call = cluster.history.asks(text)
    machine.ask(timeoutMs, node => node.read({ timeoutMs, consistency }), {
      value: () => {
        if (consistency === 'stale') watch.checkAge()
        const answer = store.answer(question)
        journal.record('answer', schedule.now, machine, number, watch.stateAt, () => `${text} is ${answer} at ${watch.stateAt}`)
        cluster.history.read(call, question, answer, watch.stateAt, consistency === 'stale')
        coverage.saw(consistency === 'stale' ? 'stale read' : 'linearizable read')
        if (machine.core?.role !== 'leader') coverage.saw('read on a follower')
        done()
      },
      error: error => this.#failed(machine, number, text, error),
    })
  }

  /** The application computes for long in the turn in which it asked. */
  #readAndStall(lastsMs: Range): void {
    const leader = this.#world.leader()
    const { process } = leader ?? {}
    if (leader === undefined || process === undefined) return
    const ms = duration(this.#random, lastsMs)
    this.#read(leader, 'lease', () => {})
    process.enter(() => process.work(ms))
  }

  #barrier(machine: Machine<Result>): void {
    const { cluster } = machine
    if (cluster === undefined) return
    const timeoutMs = this.#world.callTimeout()
    const call = cluster.history.asks('a barrier')
    machine.ask(timeoutMs, node => node.barrier({ timeoutMs }), {
      value: index => cluster.history.passed(call, index),
      error: error => this.#failed(machine, 0, 'a barrier', error),
    })
  }

  #snapshot(machine: Machine<Result>): void {
    const timeoutMs = this.#world.callTimeout()
    machine.ask(timeoutMs, node => node.snapshot({ timeoutMs }), {
      value: () => {},
      error: error => this.#failed(machine, 0, 'a snapshot', error),
    })
  }

  #transfer(machine: Machine<Result>): void {
    const { journal, schedule, coverage } = this.#world
    const timeoutMs = this.#world.callTimeout()
    const ids = [...(machine.cluster?.ghost.nodes.keys() ?? [])]
    const target = this.#random.chance(0.5) && ids.length > 0 ? this.#random.pick(ids) : undefined
    journal.record('transfer', schedule.now, machine, target?.length ?? 0, 0, () => `to ${target ?? 'anybody'}`)
    machine.ask(timeoutMs, node => node.transferLeadership({ timeoutMs, ...(target && { target }) }), {
      value: () => coverage.saw('transfer'),
      error: error => this.#failed(machine, 1, 'a transfer', error),
    })
  }

  #transferDeaf(lastsMs: Range): void {
    const { network, machines, schedule } = this.#world
    const leader = this.#world.leader()
    if (leader === undefined) return
    this.#transfer(leader)
    this.#world.event('fault', leader.number, () => `${leader.id} hears nobody`)
    const hosts = machines.map(({ id }) => id)
    network.partition(hosts, (_, to) => to !== leader.id)
    schedule.after(duration(this.#random, lastsMs), () => {
      if (!this.#world.healed) network.reconnect()
    })
  }

  #failed(machine: Machine<Result>, number: number, what: string, { code, outcome }: RaftError): void {
    const { journal, schedule, coverage } = this.#world
    coverage.saw(outcome === 'not-applied' ? 'definite failure' : 'unknown outcome')
    journal.record('answer', schedule.now, machine, number, code.length, () => `${what} fails: ${code}, ${outcome}`)
  }

  /** Some callers lose patience before the time that they gave. */
  #mayAbort(timeoutMs: number): AbortSignal | undefined {
    if (!this.#random.chance(0.03)) return undefined
    const controller = new AbortController()
    this.#world.schedule.after(timeoutMs * this.#random.next(), () => controller.abort(new Error('lost patience')))
    return controller.signal
  }

  #someone(): Machine<Result> | undefined {
    const leader = this.#world.leader()
    if (leader !== undefined && this.#random.chance(0.4)) return leader
    const up = this.#world.up()
    return up.length === 0 ? undefined : this.#random.pick(up)
  }
}

function broken(message: string): Violation {
  return new Violation('client', undefined, message)
}
