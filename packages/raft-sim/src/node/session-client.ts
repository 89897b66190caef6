import { Buffer } from 'node:buffer'
import type { Applied, RaftError } from 'raft-node'
import { Violation } from '../invariants/invariant.ts'
import type { Random } from '../random.ts'
import type { Cluster } from './cluster.ts'
import type { WriteCall } from './history.ts'
import type { Machine } from './machine.ts'
import { recur } from './nemesis.ts'
import type { NodeWorld } from './world.ts'

const clients = 2
/** Apart from the numbers of other commands. */
const firstNumber = 1_000_000

/** Clients that want each of their commands applied exactly once, if this run has any. */
export function startSessions<Result>(world: NodeWorld<Result>): void {
  const { sessions } = world.scenario
  if (sessions === undefined) return
  for (let at = 0; at < clients; at++) {
    const random = world.random.fork(`session client ${at}`)
    const client = new SessionClient(world, random, firstNumber * (at + 1), sessions.ttlMs)
    recur(world, random, sessions.everyMs, () => client.act())
  }
}

type Sent<Result> = {
  readonly bytes: Uint8Array
  readonly serial: number
  readonly call: WriteCall
  readonly session: number
  readonly answered: number
  /** What its copies were answered. */
  answer: Applied<Result> | undefined
  /** It was applied, and nobody knows the answer any more. */
  isForgotten: boolean
}

/** Sends its command again, to any node, until it is answered or the session has ended; and now and then once more after that. */
class SessionClient<Result> {
  readonly #world: NodeWorld<Result>
  readonly #random: Random
  readonly #ttlMs: number
  #number: number
  #cluster: Cluster<Result> | undefined
  #session: number | undefined
  #isOpening = false
  #serial = 0
  #sent: Sent<Result> | undefined

  constructor(world: NodeWorld<Result>, random: Random, number: number, ttlMs: number) {
    this.#world = world
    this.#random = random
    this.#number = number
    this.#ttlMs = ttlMs
  }

  act(): void {
    const up = this.#world.up().filter(({ cluster }) => cluster === this.#world.mainCluster)
    if (up.length === 0) return
    const machine = this.#random.pick(up)
    if (machine.cluster !== this.#cluster) this.#forget(machine.cluster)
    if (this.#session === undefined) this.#open(machine)
    else if (this.#sent !== undefined && !this.#isOver(this.#sent)) this.#send(machine, this.#sent)
    else if (this.#random.chance(0.1)) this.#keepAlive(machine, this.#session)
    else this.#send(machine, this.#next(this.#session))
  }

  /** A few copies go after the answer, too. */
  #isOver({ answer, isForgotten }: Sent<Result>): boolean {
    return (answer !== undefined || isForgotten) && this.#random.chance(0.8)
  }

  #forget(cluster: Cluster<Result> | undefined): void {
    this.#cluster = cluster
    this.#session = undefined
    this.#sent = undefined
  }

  #open(machine: Machine<Result>): void {
    if (this.#isOpening) return
    this.#isOpening = true
    const timeoutMs = this.#world.callTimeout()
    const done = () => {
      this.#isOpening = false
    }
    this.#world.schedule.after(2 * timeoutMs, done) // a process that dies answers nobody
    machine.ask(timeoutMs, node => node.sessions.open({ ttlMs: this.#ttlMs, timeoutMs }), {
      value: ({ id }) => {
        done()
        this.#session = id
        this.#serial = 0
        this.#sent = undefined
      },
      error: done,
    })
  }

  #next(session: number): Sent<Result> {
    const { bytes, text } = this.#world.application.command(this.#random, ++this.#number)
    const call = this.#cluster!.history.writes(`command ${this.#number} of session ${session} (${text})`, bytes)
    const serial = ++this.#serial
    const sent = { bytes, serial, call, session, answered: serial - 1, answer: undefined, isForgotten: false }
    this.#sent = sent
    this.#world.coverage.saw('command of a session')
    return sent
  }

  #send(machine: Machine<Result>, sent: Sent<Result>): void {
    const { journal, schedule } = this.#world
    const { bytes, serial, answered, session: id } = sent
    const timeoutMs = this.#world.callTimeout()
    journal.record('write', schedule.now, machine, id, serial, () => `command ${serial} of session ${id}`)
    const wasDone = sent.answer !== undefined
    machine.ask(timeoutMs, node => node.apply(bytes, { timeoutMs, session: { id, serial, answered } }), {
      value: applied => {
        journal.record(
          'answer',
          schedule.now,
          machine,
          serial,
          applied.index,
          () => `command ${serial} of session ${id} is at ${applied.index}`,
        )
        this.#answered(sent, applied)
        if (wasDone) this.#world.coverage.saw('command answered again')
      },
      error: error => this.#failed(sent, error),
    })
  }

  #answered(sent: Sent<Result>, applied: Applied<Result>): void {
    const before = sent.answer
    sent.answer = applied
    const cluster = this.#cluster
    if (before === undefined) return cluster?.history.acknowledged(sent.call, applied)
    if (before.index === applied.index && this.#same(before.result, applied.result)) return
    const message = `${sent.call.text} is answered at ${applied.index}, and before at ${before.index}, or in another way`
    throw new Violation('client', undefined, message)
  }

  #same(one: Result, other: Result): boolean {
    const { encode } = this.#world.application.resultCodec
    return Buffer.from(encode(one)).equals(encode(other))
  }

  #failed(sent: Sent<Result>, { code }: RaftError): void {
    if (code === 'ANSWER_FORGOTTEN') return this.#forgotten(sent)
    if (code !== 'SESSION_EXPIRED' || this.#session !== sent.session) return
    this.#world.coverage.saw('expired session')
    this.#session = undefined
  }

  /** Of a copy that came after the answer; besides, only state machines with a store of their own forget answers. */
  #forgotten(sent: Sent<Result>): void {
    if (sent.answer !== undefined) return
    if (this.#world.scenario.keptState === undefined) throw new Violation('client', undefined, `${sent.call.text} is answered no more`)
    this.#cluster?.history.forgotten(sent.call)
    this.#world.coverage.saw('forgotten answer')
    sent.isForgotten = true
  }

  #keepAlive(machine: Machine<Result>, id: number): void {
    const timeoutMs = this.#world.callTimeout()
    machine.ask(timeoutMs, node => node.sessions.keepAlive(id, { timeoutMs }), { value: () => {}, error: () => {} })
  }
}
