import type { Message, NodeId, Raft, RaftOptions } from 'raft-core'
import type { Coverage } from '../coverage.ts'
import { describeMessage, describeTrace } from '../describe.ts'
import type { Faults, Scenario } from '../faults.ts'
import { NodeGhost } from '../invariants/ghost.ts'
import type { Observer } from '../invariants/observer.ts'
import type { Journal } from '../journal.ts'
import type { Random } from '../random.ts'
import { Disk } from './disk.ts'
import { Driver } from './driver.ts'
import type { Schedule } from './schedule.ts'

/** What a node finds around it. */
export interface NodeWorld {
  readonly scenario: Scenario
  readonly faults: Faults
  readonly schedule: Schedule
  readonly observer: Observer
  readonly journal: Journal
  readonly coverage: Coverage
  /** The code under test; tests wrap it to plant bugs. */
  readonly createCore: (options: RaftOptions) => Raft
  send(node: SimNode, message: Message): void
  /** A save of this node has just ended. */
  saved(node: SimNode): void
}

/** A machine with its disk, and on it, while it is up, a process: a core and its driver. */
export class SimNode {
  readonly id: NodeId
  readonly number: number
  readonly disk = new Disk()
  readonly ghost: NodeGhost
  readonly random: Random
  readonly world: NodeWorld
  driver: Driver | undefined
  /** Removed for good: never started again. */
  retired = false
  paused = false
  /** What waits for a paused process. */
  #backlog: (() => void)[] = []
  #tickMs: number
  #starts = 0
  /** Its clock runs as fast as its ticks, also while the process stands still: what it showed last, and when. */
  #clock = { shown: 0, at: 0 }

  constructor(world: NodeWorld, number: number, random: Random) {
    this.id = `n${number}`
    this.number = number
    this.world = world
    this.random = random
    const { options, tickMs } = world.scenario
    this.ghost = new NodeGhost(this.id, this.disk, options)
    this.#tickMs = tickMs * (1 + world.faults.skew * (2 * random.next() - 1))
    world.observer.ghost.nodes.set(this.id, this.ghost)
  }

  get core(): Raft | undefined {
    return this.driver?.core
  }
  get applied(): number {
    return this.ghost.applied
  }
  get isUp(): boolean {
    return this.driver !== undefined
  }

  start(): void {
    const { world, id, disk, random } = this
    const { base, ...restored } = disk.restore()
    const chance = random.fork(`start ${++this.#starts}`)
    const core = world.createCore({ id, restored, random: () => chance.next(), ...world.scenario.options, trace: this.#trace() })
    world.observer.restarted(this.ghost, core.status(), base)
    const driver = new Driver(this, core)
    this.driver = driver
    this.paused = false
    world.journal.record(
      'restart',
      world.schedule.now,
      this,
      base.index,
      this.#starts,
      () => `from its disk: snapshot ${base.index}, log to ${disk.log.last}`,
    )
    driver.pump()
    this.#planTick(driver, random.next() * this.#tickMs)
  }

  /** The power goes: everything that was not synced may be lost. */
  crash(): void {
    const { world, disk } = this
    world.journal.record('crash', world.schedule.now, this, 0, 0, () => '')
    const last = disk.log.last
    this.driver?.die()
    this.driver = undefined
    this.#backlog = []
    disk.crash(this.random)
    if (this.ghost.log.last > disk.log.last || last !== disk.log.last) world.coverage.saw('lost write')
  }

  /** The process stops, as with SIGSTOP: its clock does not tick, and what arrives waits. */
  pause(): void {
    this.paused = true
    this.world.journal.record('pause', this.world.schedule.now, this, 0, 0, () => '')
  }
  resume(): void {
    this.world.journal.record('resume', this.world.schedule.now, this, this.#backlog.length, 0, () => `${this.#backlog.length} waiting`)
    this.paused = false
    const backlog = this.#backlog
    this.#backlog = []
    for (const run of backlog) run()
  }
  /** What its monotonic clock shows, in milliseconds. */
  clock(): number {
    const { scenario, schedule } = this.world
    const { shown, at } = this.#clock
    return shown + ((schedule.now - at) * scenario.tickMs) / this.#tickMs
  }
  /** From the end of the faults on, all clocks run alike. */
  heal(): void {
    this.#clock = { shown: this.clock(), at: this.world.schedule.now }
    this.#tickMs = this.world.scenario.tickMs
  }

  /** Runs when this process is awake, and not at all once it is dead. */
  whenAwake(driver: Driver, run: () => void): void {
    if (this.driver !== driver) return
    if (this.paused) this.#backlog.push(() => this.whenAwake(driver, run))
    else run()
  }

  /** Returns whether there was a process to take it. */
  deliver(message: Message): boolean {
    const { driver } = this
    if (driver === undefined) return false
    this.whenAwake(driver, () => {
      const { journal, schedule } = this.world
      journal.record(
        'deliver',
        schedule.now,
        this,
        message.term * 16 + message.type.length,
        from(message),
        () => `${message.from} → ${this.id} ${describeMessage(message)}`,
      )
      driver.receive(message)
    })
    return true
  }

  #planTick(driver: Driver, delayMs: number): void {
    this.world.schedule.after(delayMs, () => {
      if (this.driver !== driver) return
      if (!this.paused) driver.tick()
      this.#planTick(driver, this.#tickMs)
    })
  }

  #trace(): RaftOptions['trace'] {
    const { journal } = this.world
    return journal.isRead ? event => journal.note(`${this.id} ${describeTrace(event)}`) : undefined
  }
}

/** For the hash: what else tells two messages apart. */
function from(message: Message): number {
  if (message.type === 'appendEntries') return message.after.index * 64 + message.entries.length
  return message.type === 'appendReply' ? message.index : 0
}
