import type { Term } from 'raft-core'
import type { Clock } from './ports.ts'

/**
 * Log time, as whoever leads measures it: the last that was recorded in the log, plus what the monotonic clock has measured since. A new
 * leader goes on from where the log stands. So log time may run late, and never early: neither a change of leader nor a pause nor a clock
 * that jumps ends anything before its time.
 */
export class LogTime {
  readonly #clock: Pick<Clock, 'now'>
  readonly #stepMsMax: number
  #lookedAt: number
  /** The term that it leads; undefined: another does. */
  #term: Term | undefined
  #time = 0

  /**
   * More than `stepMsMax` milliseconds between two looks is not counted: the process was stopped, and those who keep something alive
   * could not be heard.
   */
  constructor(clock: Pick<Clock, 'now'>, stepMsMax: number) {
    this.#clock = clock
    this.#stepMsMax = stepMsMax
    this.#lookedAt = clock.now()
  }

  /**
   * To be asked again and again. The time now in milliseconds, while this node leads in `leading`; undefined while it does not. `recorded`
   * is the last time in the log that is applied.
   */
  look(leading: Term | undefined, recorded: number): number | undefined {
    const now = this.#clock.now()
    const step = Math.min(Math.max(0, now - this.#lookedAt), this.#stepMsMax)
    this.#lookedAt = now
    const isFirst = leading !== this.#term
    this.#term = leading
    if (leading === undefined) return undefined
    // What passed before it led is not known to it.
    this.#time = isFirst ? recorded : Math.max(this.#time + step, recorded)
    return this.#time
  }
}
