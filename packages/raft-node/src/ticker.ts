import type { Clock, Timer } from './ports.ts'

/**
 * Turns time into ticks. A pause (a stopped process, a blocked event loop) is one tick, however long it was: nobody holds ten elections
 * at once.
 */
export class Ticker {
  readonly #clock: Clock
  #tickMs: number
  readonly #tick: (lateMs: number) => void
  #timer: Timer | undefined
  #due = 0

  constructor(clock: Clock, tickMs: number, tick: (lateMs: number) => void) {
    this.#clock = clock
    this.#tickMs = tickMs
    this.#tick = tick
  }

  /** From the next tick on. */
  set tickMs(tickMs: number) {
    this.#tickMs = tickMs
  }

  start(): void {
    this.#due = this.#clock.now() + this.#tickMs
    this.#arm()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(): void {
    this.#timer = this.#clock.after(Math.max(0, this.#due - this.#clock.now()), () => this.#ring())
  }

  /** Small delays are caught up, so that ticks do not drift; what is later than a whole tick is not. */
  #ring(): void {
    const now = this.#clock.now()
    const lateMs = Math.max(0, now - this.#due)
    const isLate = lateMs > this.#tickMs
    this.#due = (isLate ? now : this.#due) + this.#tickMs
    this.#arm()
    this.#tick(lateMs)
  }
}
