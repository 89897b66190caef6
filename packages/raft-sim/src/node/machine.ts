import type { Raft } from 'raft-core'
import { type JoinAnswer, type JoinRequest, type Node, type NodeEvent, RaftError, RaftNode, type Storage } from 'raft-node'
import { Violation } from '../invariants/invariant.ts'
import type { Place } from '../journal.ts'
import type { Random } from '../random.ts'
import type { ObservedMachine } from './application.ts'
import { attended } from './attending.ts'
import { SimClock } from './clock.ts'
import type { Cluster } from './cluster.ts'
import { checkComplaint } from './complaints.ts'
import type { Disk, DiskContents } from './disk.ts'
import { dataFolder } from './disk.ts'
import { KeptState } from './kept-state.ts'
import { checkNothingLeft } from './leftovers.ts'
import { diskFor, transportFor } from './machine-parts.ts'
import { mayRefuse } from './may-refuse.ts'
import { Process } from './process.ts'
import { clockDrift } from './scenario.ts'
import { storesOn } from './stores.ts'
import { NodeWatch } from './watch.ts'
import { watchedLogStore, watchedSnapshotStore } from './watched-stores.ts'
import type { NodeWorld } from './world.ts'

/** What a process can be asked only while a node runs in it. */
type Running<Result> = { readonly node: Node<Result>; readonly process: Process; readonly watch: NodeWatch<Result> }

/** Closing takes at most this long on a clock that is right, whatever hangs. */
const closeMs = 2_000
/** What timers and turns of the event loop may add to a time limit. */
const slackMs = 500

/** A machine with its disk and, while it is on, a process in which the production node runs. */
export class Machine<Result> implements Place {
  /** The operator's name of the node, and of the host. */
  readonly id: string
  readonly number: number
  disk: Disk
  /** Of the state machine, if that outlives the process. */
  store: KeptState<Result> | undefined
  state: 'down' | 'opening' | 'up' | 'closing' = 'down'
  process: Process | undefined
  /** Of the process. */
  clock: SimClock | undefined
  watch: NodeWatch<Result> | undefined
  application: ObservedMachine<Result> | undefined
  /** Not to be started again. */
  isRetired = false
  /** Its folder was deleted, and no node has run here since as a member. */
  isWiped = false
  /** The node has said why it does not serve. */
  fault: string | undefined
  /** How its operator starts it: founding a cluster where there is none, and replacing the member of its name. */
  readonly order: { founds: boolean; replaces: boolean }
  /** Operations on its disk take so long at least, until that time. */
  hangsUntil = 0
  readonly #world: NodeWorld<Result>
  readonly #random: Random
  readonly #rate: number
  #node: Node<Result> | undefined
  #starts = 0
  /** Those that the node has not answered. */
  #calls = new Set<object>()

  constructor(world: NodeWorld<Result>, number: number, founds: boolean) {
    this.id = `n${number}`
    this.number = number
    this.order = { founds, replaces: false }
    this.#world = world
    this.#random = world.random.fork(`machine ${number}`)
    this.#rate = 1 + world.scenario.faults.skew * (2 * this.#random.next() - 1)
    this.disk = this.#newDisk()
    this.store = this.#newStore()
  }

  get core(): Raft | undefined {
    return this.process?.isAlive ? this.watch?.core : undefined
  }
  get applied(): number {
    return this.watch?.applied ?? 0
  }
  get cluster(): Cluster<Result> | undefined {
    return this.watch?.cluster
  }
  get isAwake(): boolean {
    return this.process?.isAlive === true && this.process.stoppedAt === undefined
  }
  get address(): string {
    return `${this.id}:1`
  }
  /** Its node, while it runs and is not closing. */
  get running(): Running<Result> | undefined {
    const { process, watch } = this
    if (this.state !== 'up' || process === undefined || watch === undefined || this.#node === undefined) return undefined
    return { node: this.#node, process, watch }
  }

  #newDisk(contents?: DiskContents): Disk {
    return diskFor(this.#world, this, this.#random.fork(`disk ${this.#starts}`), contents)
  }
  #newStore(): KeptState<Result> | undefined {
    const { keptState } = this.#world.scenario
    return keptState && new KeptState(this.#random.fork(`store ${this.#starts}`), keptState.writeRate)
  }

  // ── starting ──

  start(): void {
    const { schedule, journal, coverage, network, application } = this.#world
    if (this.state !== 'down' || this.isRetired) return
    if (this.#starts > 0) coverage.saw('restart')
    const starts = ++this.#starts
    journal.record(
      'restart',
      schedule.now,
      this,
      starts,
      this.order.replaces ? 1 : 0,
      () => `start ${starts}${this.order.replaces ? ' --replace' : ''}`,
    )
    network.powerOn(this.id)
    const process = new Process(this.id, schedule, this.#random.fork(`process ${starts}`), journal.isRead)
    this.fault = undefined
    this.state = 'opening'
    this.disk.hasFailed = false
    if (this.store === undefined) return this.#open(process, application.create())
    // A new folder takes a new store.
    if (this.order.replaces) this.store.clear()
    schedule.after(0, () => {
      this.store?.open(application).then(
        machine => {
          if (this.state === 'opening' && this.#starts === starts) this.#open(process, machine)
        },
        error => this.#world.fail(error),
      )
    })
  }

  #open(process: Process, application: ObservedMachine<Result>): void {
    const { scenario } = this.#world
    const clock = new SimClock(process, this.#random.fork(`clock ${this.#starts}`), {
      rate: this.#world.healed ? 1 : this.#rate,
      lateMs: scenario.lateMs,
    })
    const watch = new NodeWatch(this.#world, this, process, () => this.disk, application)
    this.process = process
    this.clock = clock
    this.#calls = new Set()
    this.application = application
    this.watch = watch
    const overrides = {
      clock,
      transport: transportFor(this.#world, this, process, clock, message => watch.sent(message)),
      ...this.#stores(process, clock, watch),
      setAside: async () => this.#setAside(process, clock, watch),
    }
    const entry = this.order.founds ? { bootstrap: true } : { join: (request: JoinRequest) => this.#join(process, request) }
    RaftNode.open<Result>(
      {
        id: this.id,
        dir: dataFolder,
        listen: this.address,
        clientAddress: `${this.id}:80`,
        stateMachine: watch.stateMachine(),
        resultCodec: this.#world.application.resultCodec,
        ...entry,
        replace: this.order.replaces,
        tickMs: scenario.tickMs,
        electionTicks: scenario.electionTicks,
        clockDrift: clockDrift(scenario),
        snapshotEntries: scenario.snapshotEntries,
        trailingEntries: scenario.trailingEntries,
        minFreeBytes: scenario.space?.minFreeBytes ?? 0,
        onEvent: event => this.#hears(process, event),
      },
      { ...overrides, inspect: { ...watch.inspect(), limits: scenario.limits } },
    ).then(
      node => this.#opened(process, clock, node),
      error => this.#refused(process, error),
    )
  }

  /** The production stores on the disk of this machine. */
  #stores(process: Process, clock: SimClock, watch: NodeWatch<Result>): Storage {
    const { logStore, snapshotStore, ...rest } = storesOn(this.#world, this, process, clock)
    const watched = watch.stores()
    return { ...rest, logStore: watchedLogStore(logStore, watched), snapshotStore: watchedSnapshotStore(snapshotStore, watched) }
  }

  #setAside(process: Process, clock: SimClock, watch: NodeWatch<Result>): Storage {
    this.disk = this.#newDisk()
    return this.#stores(process, clock, watch)
  }

  /** Over HTTP, to any member. */
  async #join(process: Process, request: JoinRequest): Promise<JoinAnswer> {
    const through = this.#world.memberBeside(this)
    if (through === undefined) throw new RaftError('CONNECTION_LOST', 'nobody is there to be asked', { outcome: 'not-applied' })
    const timeoutMs = this.#world.callTimeout()
    return this.#world.call(process, through, node => node.membership.join(request, { timeoutMs }))
  }

  #opened(process: Process, clock: SimClock, node: Node<Result>): void {
    if (this.process !== process || !process.isAlive) return
    const { plant, schedule, journal, coverage, operators } = this.#world
    journal.record('join', schedule.now, this, this.#starts, 0, () => `runs as ${node.identity.nodeId}`)
    this.watch?.opened(() => (node.ageMs === undefined ? undefined : node.ageMs / clock.rate))
    this.#node = attended(this.#world, this, clock, plant.node?.(node, this.id) ?? node)
    this.state = 'up'
    if (this.order.replaces) coverage.saw('replace')
    else if (!this.order.founds && this.#starts === 1) coverage.saw('join')
    this.order.replaces = false
    if (this.cluster === this.#world.mainCluster) this.isWiped = false
    operators.opened(this)
  }

  #refused(process: Process, error: unknown): void {
    if (this.process !== process || !process.isAlive) return
    const { schedule, journal, operators } = this.#world
    this.#world.check(() => {
      if (!(error instanceof RaftError)) throw error
      const message = () => `${this.id} does not start: ${error.code} ${error.message}`
      journal.record('join', schedule.now, this, this.#starts, error.code.length, () => `refused: ${error.code} ${error.message}`)
      if (!mayRefuse(error.code, this, this.#world.coverage)) throw new Violation('integrity', this.id, message())
    })
    this.#checkNothingLeft('a start that failed')
    this.#end(process)
    if (error instanceof RaftError) operators.refused(this, error)
  }

  // ── running ──

  /** Asks the node something, once its process gets round to it. Whoever asks hears nothing if that dies. */
  ask<T>(timeoutMs: number, run: (node: Node<Result>) => Promise<T>, on: { value(value: T): void; error(error: RaftError): void }): void {
    const { running } = this
    if (running === undefined) return
    const { node, process } = running
    process.enter(() => {
      const call = {}
      const calls = this.#calls.add(call)
      this.#expectEnd(process, call, timeoutMs)
      const ended = (tell: () => void) => {
        if (calls.delete(call)) this.#world.check(tell)
      }
      run(node).then(
        value => ended(() => on.value(value)),
        error => {
          ended(() => {
            if (!(error instanceof RaftError)) throw error
            on.error(error)
          })
        },
      )
    })
  }

  #expectEnd(process: Process, call: object, timeoutMs: number): void {
    const { schedule } = this.#world
    const began = schedule.now
    const calls = this.#calls
    schedule.after(timeoutMs / this.#rate + slackMs, () => {
      if (!calls.has(call) || !process.isAlive || !process.wasAwakeSince(began)) return
      const text = `a call with a limit of ${timeoutMs} ms has not ended after ${schedule.now - began} ms`
      this.#world.fail(new Violation('client', this.id, text))
    })
  }

  #hears(process: Process, event: NodeEvent): void {
    if (this.process !== process || !process.isAlive) return
    if (event.type === 'divergence') this.#world.check(() => this.#world.differing.told(this, event))
    if (event.type !== 'fault') return
    const { schedule, journal, operators } = this.#world
    journal.record('fault', schedule.now, this, event.code.length, 0, () => `${event.code}: ${event.message}`)
    this.fault = event.code
    this.#world.check(() => checkComplaint(this, this.#world, event))
    operators.faulty(this)
  }

  // ── ends ──

  /** The end of the process: by `kill -9`, or because the power goes, and with it what was not synced. */
  crash(kind: 'kill' | 'power cut'): void {
    const { process } = this
    if (process === undefined || this.state === 'down') return
    const { schedule, journal, coverage, network } = this.#world
    journal.record('crash', schedule.now, this, kind.length, 0, () => kind)
    coverage.saw('crash')
    process.die()
    if (kind === 'kill') {
      network.processDied(process)
      this.disk.processDied(process)
    } else {
      if (this.disk.hasUnsynced) coverage.saw('lost write')
      network.powerCut(process, this.id)
      this.disk.powerCut()
    }
    this.#forget()
  }

  stop(): void {
    const { process } = this
    if (process === undefined || !this.isAwake) return
    const { schedule, journal, coverage, network } = this.#world
    journal.record('pause', schedule.now, this, 0, 0, () => '')
    coverage.saw('pause')
    process.stop()
    network.stopped(process)
  }
  resume(): void {
    if (this.process?.stoppedAt === undefined) return
    const { schedule, journal } = this.#world
    journal.record('resume', schedule.now, this, 0, 0, () => '')
    this.process.resume()
  }

  close(): void {
    const { running } = this
    if (running === undefined) return
    const { node, process } = running
    const { schedule, journal, coverage } = this.#world
    const began = schedule.now
    journal.record('close', began, this, 0, 0, () => 'begins')
    this.state = 'closing'
    const closed = () => {
      if (this.process !== process || !process.isAlive) return
      journal.record('close', schedule.now, this, 1, 0, () => `ends after ${Math.round(schedule.now - began)} ms`)
      coverage.saw('graceful close')
      this.#checkNothingLeft('close()')
      this.#checkCalls()
      this.#end(process)
      this.#world.listening.closed(process)
      this.#world.operators.closed(this)
    }
    process.enter(() => {
      node.close().then(closed, error => this.#world.fail(error))
    })
    schedule.after(closeMs / this.#rate + slackMs, () => {
      if (this.process !== process || this.state !== 'closing' || !process.wasAwakeSince(began)) return
      this.#world.fail(new Violation('close', this.id, `close() has not ended after ${Math.round(schedule.now - began)} ms`))
    })
  }

  /** Everybody who waits is told when the node closes, in the same moment. */
  #checkCalls(): void {
    const calls = this.#calls
    this.#world.schedule.after(1, () => {
      if (calls.size === 0) return
      this.#world.fail(new Violation('close', this.id, `${this.id} is closed, and calls to it still wait`))
    })
  }

  #checkNothingLeft(what: string): void {
    const { process } = this
    if (process !== undefined) this.#world.check(() => checkNothingLeft(this.#world.network, process, this.id, what))
  }

  #end(process: Process): void {
    process.die()
    this.#world.network.processDied(process)
    this.disk.processDied(process)
    this.#forget()
  }
  #forget(): void {
    this.#node = undefined
    this.state = 'down'
  }

  /** An older copy of its folder takes the place of what its disk holds. */
  putBack(contents: DiskContents): void {
    const { identity, cluster } = this.watch ?? {}
    this.disk = this.#newDisk(contents)
    if (identity !== undefined) cluster?.putBack(identity.nodeId, this.disk)
  }

  /** Its folder is deleted: everything that the node has promised is forgotten. */
  wipe(): void {
    const { schedule, journal } = this.#world
    journal.record('fault', schedule.now, this, 1, 0, () => 'its folder is deleted')
    const { identity, cluster } = this.watch ?? {}
    if (identity !== undefined) cluster?.wiped(identity.nodeId)
    this.disk = this.#newDisk()
    this.store = this.#newStore()
    this.watch = undefined
    this.isWiped = true
  }
}
