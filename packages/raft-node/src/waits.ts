import type { Clock, Timer } from './ports.ts'
import type { AnyWait, Queue } from './wait.ts'
import { remainingMs } from './wait.ts'

/**
 * A line in which nobody stands is mostly wanted again at once: every batch that is applied empties it. Made and forgotten each time, it
 * would leave tables of the map behind that grow old (pending.ts).
 */
const idleLinesMax = 64

/**
 * Everybody who waits, in lines: those who are equally patient stand in one, whose time is over first in front. A line has one timer, for
 * the first in it; a timer for each would cost more than the rest of a wait.
 */
export class Waits {
  readonly #clock: Clock
  readonly #lines = new Map<number, Line>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** From now on its clock runs, and it hears its signal. */
  start(wait: AnyWait): void {
    const { signal, timeoutMs } = wait.deadline
    if (signal?.aborted) return wait.giveUp(signal.reason)
    let line = this.#lines.get(timeoutMs)
    if (line === undefined) {
      line = new Line(this.#clock, () => this.#lines.size > idleLinesMax && this.#lines.delete(timeoutMs))
      this.#lines.set(timeoutMs, line)
    }
    line.join(wait)
  }
}

class Line implements Queue {
  readonly #clock: Clock
  readonly #empty: () => void
  #first: AnyWait | undefined
  #last: AnyWait | undefined
  #timer: Timer | undefined

  constructor(clock: Clock, empty: () => void) {
    this.#clock = clock
    this.#empty = empty
  }

  /** At the end, mostly: those who come later have later deadlines, unless they tried something else before. */
  join(wait: AnyWait): void {
    let before = this.#last
    while (before !== undefined && before.deadline.at > wait.deadline.at) before = before.before
    const behind = before === undefined ? this.#first : before.behind
    wait.queue = this
    wait.before = before
    wait.behind = behind
    if (before === undefined) this.#first = wait
    else before.behind = wait
    if (behind === undefined) this.#last = wait
    else behind.before = wait
    if (before !== undefined) return
    this.#timer?.cancel()
    this.#setTimer(wait)
  }

  leave(wait: AnyWait): void {
    const { before, behind } = wait
    wait.queue = wait.before = wait.behind = undefined
    if (before === undefined) this.#first = behind
    else before.behind = behind
    if (behind === undefined) this.#last = before
    else behind.before = before
    if (this.#first !== undefined) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#empty()
  }

  #setTimer({ deadline }: AnyWait): void {
    this.#timer = this.#clock.after(remainingMs(this.#clock, deadline), () => this.#look())
  }

  /** Whom the timer was set for may be gone: then it was too early for those behind. */
  #look(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    while (this.#first !== undefined && this.#first.deadline.at <= now) this.#first.expire()
    if (this.#first !== undefined) this.#setTimer(this.#first)
  }
}
