import type { Timer } from 'raft-node'
import type { Random } from '../random.ts'
import type { Schedule } from '../world/schedule.ts'

type Work = { readonly run: () => void; readonly isTimer: boolean }

/** A turn of the event loop on a machine that has nothing else to do. */
const turnMs = 0.02
const longMs = 50

/**
 * One process, as far as its event loop goes: it does one thing at a time, nothing while it is stopped, and nothing any more once it is
 * dead. What comes meanwhile waits. The kernel beneath it goes on either way.
 */
export class Process {
  /** The machine that it runs on. */
  readonly host: string
  isAlive = true
  /** Since when it is stopped. */
  stoppedAt: number | undefined
  readonly #schedule: Schedule
  readonly #random: Random
  /** With where they were set, if somebody reads along. */
  readonly #timers = new Map<object, string | undefined>()
  readonly #keepsStacks: boolean
  #waiting: Work[] = []
  #isWorking = false
  #busyUntil = 0
  /** When it was last held up for long. */
  #heldUpUntil = -1

  constructor(host: string, schedule: Schedule, random: Random, keepsStacks = false) {
    this.#keepsStacks = keepsStacks
    this.host = host
    this.#schedule = schedule
    this.#random = random
  }

  /** What its clock shows: the time it has used in this turn counts. */
  get now(): number {
    return Math.max(this.#schedule.now, this.#busyUntil)
  }
  /** Timers that are set and neither ran nor were cancelled. */
  get timers(): number {
    return this.#timers.size
  }
  get timerStacks(): string {
    return [...this.#timers.values()].filter(stack => stack !== undefined).join('\n')
  }

  /** Runs now, or once the event loop gets round to it. */
  enter(run: () => void): void {
    this.#enter(run, false)
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = new ProcessTimer(this.#timers)
    this.#timers.set(timer, this.#keepsStacks ? new Error('set here').stack : undefined)
    this.#schedule.after(this.now + delayMs - this.#schedule.now, () => {
      if (this.#timers.has(timer)) this.#enter(() => this.#ring(timer, run), true)
    })
    return timer
  }
  #ring(timer: object, run: () => void): void {
    if (this.#timers.delete(timer)) run()
  }

  /** Whether its event loop has run without a long halt since then. */
  wasAwakeSince(time: number): boolean {
    return this.stoppedAt === undefined && this.#heldUpUntil < time
  }

  /** It computes for so long: everything else waits. */
  work(ms: number): void {
    if (ms === 0) return
    this.#busyUntil = this.now + ms
    if (this.#busyUntil - this.#schedule.now > longMs) this.#heldUpUntil = this.#busyUntil
  }

  stop(): void {
    this.stoppedAt ??= this.#schedule.now
  }
  /** Everything that waited happens now, one after the other; timers first, as they do when a real event loop goes on, or as it came. */
  resume(): void {
    if (this.stoppedAt === undefined) return
    this.stoppedAt = undefined
    this.#heldUpUntil = Math.max(this.#heldUpUntil, this.#schedule.now)
    if (this.#random.chance(0.5))
      this.#waiting = [...this.#waiting.filter(work => work.isTimer), ...this.#waiting.filter(work => !work.isTimer)]
    this.#workLater()
  }
  die(): void {
    this.isAlive = false
    this.#waiting = []
    this.#timers.clear()
  }

  #enter(run: () => void, isTimer: boolean): void {
    if (!this.isAlive) return
    if (this.stoppedAt === undefined && !this.#isWorking && this.#schedule.now >= this.#busyUntil) return run()
    this.#waiting.push({ run, isTimer })
    this.#workLater()
  }

  #workLater(): void {
    if (this.#isWorking || this.stoppedAt !== undefined || this.#waiting.length === 0) return
    this.#isWorking = true
    this.#schedule.after(Math.max(this.#busyUntil - this.#schedule.now, turnMs * this.#random.next()), () => {
      this.#isWorking = false
      if (!this.isAlive || this.stoppedAt !== undefined) return
      const work = this.#waiting.shift()
      if (this.#waiting.length > 0) this.#workLater()
      work?.run()
    })
  }
}

/** One of the timers that are set, until it rings or is cancelled. */
class ProcessTimer implements Timer {
  readonly #set: Map<object, unknown>

  constructor(set: Map<object, unknown>) {
    this.#set = set
  }

  cancel(): void {
    this.#set.delete(this)
  }
}
