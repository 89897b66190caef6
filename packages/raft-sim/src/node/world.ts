import type { Node, Transport } from 'raft-node'
import { RaftError } from 'raft-node'
import type { Batches, Files } from 'raft-node/level'
import { Coverage } from '../coverage.ts'
import { describeMessage } from '../describe.ts'
import type { Invariant } from '../invariants/invariant.ts'
import type { EventKind, Journal } from '../journal.ts'
import type { Random } from '../random.ts'
import { Schedule } from '../world/schedule.ts'
import type { Application } from './application.ts'
import { Asking } from './asking.ts'
import { Cluster } from './cluster.ts'
import type { End, Frame } from './connection.ts'
import { Differing } from './differing.ts'
import { Inviting } from './inviting.ts'
import { Listening } from './listening.ts'
import { Machine } from './machine.ts'
import { Network } from './network.ts'
import { OldFolders } from './old-folders.ts'
import { Operators } from './operators.ts'
import type { Process } from './process.ts'
import { Reconfiguring } from './reconfiguring.ts'
import { Restoring } from './restoring.ts'
import type { NodeFaults, NodeScenario } from './scenario.ts'
import type { WatchWorld } from './watch.ts'

/** Ways to put something between the code under test and its world: how tests plant bugs. */
export type Plant<Result> = {
  readonly files?: (inner: Files, host: string) => Files
  readonly batches?: (inner: Batches, host: string) => Batches
  readonly transport?: (inner: Transport, host: string) => Transport
  readonly node?: (inner: Node<Result>, host: string) => Node<Result>
}

export type NodeWorldOptions<Result> = {
  readonly random: Random
  readonly scenario: NodeScenario
  readonly journal: Journal
  readonly invariants: readonly Invariant[]
  readonly application: Application<Result>
  readonly plant: Plant<Result>
}

/** Machines, the network between them, and whoever uses and operates them. */
export class NodeWorld<Result> implements WatchWorld<Result> {
  readonly random: Random
  readonly scenario: NodeScenario
  readonly journal: Journal
  readonly application: Application<Result>
  readonly plant: Plant<Result>
  readonly schedule: Schedule
  readonly coverage = new Coverage()
  readonly network: Network
  readonly operators: Operators<Result>
  readonly oldFolders: OldFolders<Result>
  readonly differing: Differing<Result>
  readonly inviting: Inviting<Result>
  readonly reconfiguring: Reconfiguring<Result>
  readonly restoring: Restoring<Result>
  readonly asking: Asking<Result>
  readonly listening: Listening<Result>
  readonly machines: Machine<Result>[] = []
  faults: NodeFaults
  /** The faults are over: what remains is to see whether the cluster recovers. */
  healed = false
  /** The first check that failed. */
  violation: unknown
  readonly #invariants: readonly Invariant[]
  readonly #clusters = new Map<string, Cluster<Result>>()
  readonly #chance: Random

  constructor({ random, scenario, journal, invariants, application, plant }: NodeWorldOptions<Result>) {
    this.random = random
    this.scenario = application.isRestorable ? scenario : { ...scenario, restoreMs: undefined }
    this.faults = scenario.faults
    this.journal = journal
    // A restore changes every key at once: no history of single keys explains it.
    this.application = this.scenario.restoreMs === undefined ? application : { ...application, keys: undefined }
    this.plant = plant
    this.#invariants = invariants
    this.#chance = random.fork('world')
    this.schedule = new Schedule(random.fork('schedule'))
    this.network = new Network({
      schedule: this.schedule,
      random: random.fork('network'),
      faults: this.faults.network,
      coverage: this.coverage,
      silenceMs: 4 * scenario.timeoutMs,
      arrived: (from, to, frame) => this.#arrived(from, to, frame),
    })
    this.operators = new Operators(this)
    this.oldFolders = new OldFolders(this)
    this.differing = new Differing(this)
    this.inviting = new Inviting(this)
    this.reconfiguring = new Reconfiguring(this)
    this.restoring = new Restoring(this)
    this.asking = new Asking(this)
    this.listening = new Listening(this)
  }

  get now(): number {
    return this.schedule.now
  }
  get comparesDigests(): boolean {
    return this.scenario.comparesDigests
  }
  get electionTicks(): number {
    return this.scenario.electionTicks
  }

  // ── machines ──

  addMachine(founds = false): Machine<Result> {
    const machine = new Machine(this, this.machines.length + 1, founds)
    this.machines.push(machine)
    return machine
  }
  up(): Machine<Result>[] {
    return this.machines.filter(machine => machine.running !== undefined)
  }
  /** The leader of the latest term, if one is up and awake. */
  leader(): Machine<Result> | undefined {
    let latest: Machine<Result> | undefined
    for (const machine of this.up()) {
      if (!machine.isAwake || machine.core?.role !== 'leader' || machine.cluster !== this.mainCluster) continue
      if (latest === undefined || machine.core.term > latest.core!.term) latest = machine
    }
    return latest
  }
  /** Somebody whom a new node can ask to be let in. */
  memberBeside(machine: Machine<Result>): Machine<Result> | undefined {
    const others = this.up().filter(other => other !== machine && other.cluster === this.mainCluster && other.fault === undefined)
    return others.length === 0 ? undefined : this.#chance.pick(others)
  }
  callTimeout(): number {
    const [low, high] = this.scenario.callTimeoutMs
    return Math.round(low + (high - low) * this.#chance.next() ** 2)
  }
  applyMs(): number {
    const [low, high] = this.scenario.applyMs
    return high === 0 ? 0 : low + (high - low) * this.#chance.next() ** 3
  }

  // ── clusters ──

  get mainCluster(): Cluster<Result> | undefined {
    for (const cluster of this.#clusters.values()) return cluster
    return undefined
  }
  cluster(id: string, founder: string): Cluster<Result> {
    const known = this.#clusters.get(id)
    if (known !== undefined) return known
    const cluster = new Cluster(id, founder, this.application, this.#invariants)
    this.#clusters.set(id, cluster)
    return cluster
  }

  // ── calls from machine to machine, beside the nodes' own connections ──

  call<T>(from: Process, to: Machine<Result>, ask: (node: Node<Result>) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let isSettled = false
      const settle = (end: () => void) => {
        if (isSettled) return
        isSettled = true
        from.enter(end)
      }
      const lost = (outcome: 'not-applied' | 'unknown') => () =>
        reject(new RaftError('CONNECTION_LOST', `${to.id} does not answer`, { outcome }))
      const [, high] = this.scenario.callTimeoutMs
      this.schedule.after(2 * high, () => settle(lost('unknown')))
      this.schedule.after(this.#hopMs(), () => {
        const { running } = to
        if (running === undefined || this.network.isCut(from.host, to.id)) return settle(lost('not-applied'))
        const back = (end: () => void) =>
          this.schedule.after(this.#hopMs(), () => (this.network.isCut(to.id, from.host) ? undefined : settle(end)))
        running.process.enter(() => {
          ask(running.node).then(
            value => back(() => resolve(value)),
            error => back(() => reject(error)),
          )
        })
      })
    })
  }
  #hopMs(): number {
    const [low, high] = this.faults.network.delayMs
    return low + (high - low) * this.#chance.next()
  }

  // ── what happens ──

  #arrived(from: string, { process }: End, frame: Frame): void {
    if (frame.type === 'room') return
    if (frame.type === 'message') this.check(() => this.oldFolders.hears(process.host, frame.message))
    const machine = this.machines.find(({ id }) => id === process.host)
    const term = frame.type === 'message' ? frame.message.term : 0
    this.journal.record(
      'deliver',
      this.now,
      machine,
      term * 16 + frame.type.length,
      0,
      () => `${from} → ${process.host} ${describeFrame(frame)}`,
    )
  }

  /** Something happens outside of any node. */
  event(kind: EventKind, what: number, text: () => string): void {
    this.journal.record(kind, this.now, undefined, what, 0, text)
  }

  check(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.fail(error)
    }
  }
  fail(error: unknown): void {
    this.violation ??= error
  }

  step(): void {
    for (const cluster of this.#clusters.values()) cluster.ghost.step++
    this.schedule.step()
  }
}

function describeFrame(frame: Frame): string {
  if (frame.type === 'message') return describeMessage(frame.message)
  if (frame.type === 'hello') return `hello from ${frame.hello.nodeId} to ${frame.expects}, for ${frame.purpose}`
  if (frame.type === 'refusal') return `refusal by ${frame.hello.nodeId}: ${frame.reason}`
  if (frame.type === 'request' || frame.type === 'answer') return `${frame.type} ${frame.id}`
  if (frame.type === 'failure') return `failure ${frame.id}: ${frame.error.code}`
  if (frame.type === 'snapshot') return `snapshot ${frame.meta.index}@${frame.meta.term}, ${frame.meta.size} bytes`
  return frame.type
}
