import type { Clock, Timer } from 'raft-node'
import type { Random } from '../random.ts'
import type { Process } from './process.ts'

export type ClockOptions = {
  /** How fast it runs: 1 is right. */
  readonly rate: number
  /** Timers fire late by up to so much, as they do where others use the event loop, too. */
  readonly lateMs: number
}

/** The clock of one process: time from the schedule, chance from the seed. */
export class SimClock implements Clock {
  readonly #process: Process
  readonly #random: Random
  readonly #options: ClockOptions

  constructor(process: Process, random: Random, options: ClockOptions = { rate: 1, lateMs: 0 }) {
    this.#process = process
    this.#random = random
    this.#options = options
  }

  get rate(): number {
    return this.#options.rate
  }

  now(): number {
    return this.#process.now * this.#options.rate
  }

  after(delayMs: number, run: () => void): Timer {
    const { rate, lateMs } = this.#options
    const late = lateMs > 0 ? lateMs * this.#random.next() : 0
    return this.#process.after(Math.max(0, delayMs) / rate + late, run)
  }

  random(): number {
    return this.#random.next()
  }

  uniqueId(): string {
    return Array.from({ length: 4 }, () => this.#random.below(0x100000000).toString(16).padStart(8, '0')).join('')
  }
}
