/** How often it looks, and for how long it remembers. */
const everyMs = 200
const rememberMs = 10_000

/** Notices when the event loop is kept from its work. */
export class EventLoopWatch {
  #expected = performance.now() + everyMs
  #worstMs = 0
  #worstAt = 0
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => this.look(performance.now()), everyMs)
    this.#timer.unref()
  }

  /** The longest that a turn was late, of the last ten seconds, in milliseconds. */
  get lagMs(): number {
    return performance.now() - this.#worstAt > rememberMs ? 0 : this.#worstMs
  }

  look(now: number): void {
    const late = Math.max(0, now - this.#expected)
    this.#expected = now + everyMs
    if (late < this.#worstMs && now - this.#worstAt <= rememberMs) return
    this.#worstMs = late
    this.#worstAt = now
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
