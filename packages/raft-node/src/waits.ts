import type { Clock, Timer } from './ports.ts'
import type { AnyWait, Queue } from './wait.ts'
import { remainingMs } from './wait.ts'

/**
 * A line in which nobody stands is mostly wanted again at once: every batch that is applied empties it. Made and forgotten each time, it
 * would leave tables of the map behind that grow old (pending.ts). From so many lines on, those go that nobody has joined for a while.
 */
const linesKept = 64

/**
 * Everybody who waits, in lines: those who are equally patient stand in one, whose time is over first in front. A line has one timer; a
 * timer for each would cost more than the rest of a wait. It stays when its line empties, which is mostly joined again at once.
 */
export class Waits {
  readonly #clock: Clock
  readonly #lines = new Map<number, Line>()
  #sweepAt = linesKept

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** From now on its clock runs, and it hears its signal. */
  start(wait: AnyWait): void {
    const { signal, listeners, timeoutMs } = wait.deadline
    if (listeners?.hasFired) return wait.giveUp(signal?.reason)
    const line = this.#lines.get(timeoutMs) ?? this.#newLine(timeoutMs)
    line.join(wait)
  }

  /** Nobody waits any more, and nobody will. */
  stop(): void {
    for (const line of this.#lines.values()) line.stop()
  }

  #newLine(timeoutMs: number): Line {
    if (this.#lines.size >= this.#sweepAt) this.#sweep()
    const line = new Line(this.#clock)
    this.#lines.set(timeoutMs, line)
    return line
  }

  /** Next time once there are twice as many: however many are in use, a new line costs little. */
  #sweep(): void {
    for (const [timeoutMs, line] of this.#lines) {
      if (line.wasWanted()) continue
      line.stop()
      this.#lines.delete(timeoutMs)
    }
    this.#sweepAt = Math.max(linesKept, 2 * this.#lines.size)
  }
}

class Line implements Queue {
  readonly #clock: Clock
  #first: AnyWait | undefined
  #last: AnyWait | undefined
  #timer: Timer | undefined
  /** When it rings. */
  #due = 0
  #isJoined = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Since this was asked the last time, or now. */
  wasWanted(): boolean {
    const isWanted = this.#isJoined || this.#first !== undefined
    this.#isJoined = false
    return isWanted
  }

  /** At the end, mostly: those who come later have later deadlines, unless they tried something else before. */
  join(wait: AnyWait): void {
    this.#isJoined = true
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
    if (before === undefined) this.#setTimer(wait)
  }

  leave(wait: AnyWait): void {
    const { before, behind } = wait
    wait.queue = wait.before = wait.behind = undefined
    if (before === undefined) this.#first = behind
    else before.behind = behind
    if (behind === undefined) this.#last = before
    else behind.before = before
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** One that rings earlier is good enough: it looks who is there, and is set again. */
  #setTimer({ deadline }: AnyWait): void {
    if (this.#timer !== undefined && this.#due <= deadline.at) return
    this.#timer?.cancel()
    this.#due = deadline.at
    this.#timer = this.#clock.after(remainingMs(this.#clock, deadline), () => this.#look())
  }

  /** Whom the timer was set for may be gone: then it was too early for those who stand there now. */
  #look(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    while (this.#first !== undefined && this.#first.deadline.at <= now) this.#first.expire()
    if (this.#first !== undefined) this.#setTimer(this.#first)
  }
}
