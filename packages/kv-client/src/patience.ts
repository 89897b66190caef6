/** How long a call may take, all attempts together: its own time, and the caller's signal. */
export class Deadline {
  readonly signal: AbortSignal
  readonly #end: number
  readonly #controller = new AbortController()
  readonly #timer: ReturnType<typeof setTimeout> | undefined
  readonly #stopListening: () => void

  constructor(timeoutMs: number, outer: AbortSignal | undefined) {
    this.signal = this.#controller.signal
    this.#end = performance.now() + timeoutMs
    const late = () => this.#controller.abort(new DOMException('the time is up', 'TimeoutError'))
    // Longer than a timer can be is for ever.
    this.#timer = timeoutMs < 2 ** 31 ? setTimeout(late, timeoutMs) : undefined
    const giveUp = () => this.#controller.abort(outer?.reason)
    outer?.addEventListener('abort', giveUp, { once: true })
    this.#stopListening = () => outer?.removeEventListener('abort', giveUp)
    if (outer?.aborted) giveUp()
  }

  get leftMs(): number {
    return this.#end - performance.now()
  }

  /** How long a node may wait: what is left, without what its answer may need for its way. */
  get waitMs(): number {
    return Math.min(this.leftMs - Math.min(wayMsMax, this.leftMs / 4), timerMsMax)
  }

  /** Too little is left for another try: it would be cut short, and tell nothing. */
  get isNear(): boolean {
    return this.signal.aborted || this.leftMs < wayMsMax
  }

  /** The answer has begun and may take as long as it likes. The signal of the caller still ends it. */
  began(): void {
    clearTimeout(this.#timer)
  }

  done(): void {
    clearTimeout(this.#timer)
    this.#stopListening()
  }
}

const wayMsMax = 500
/** The longest that a timer can be, in milliseconds; beyond it, it fires at once. */
export const timerMsMax = 2 ** 31 - 1

/** Resolves after the time, or when the signal says so. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

const firstPauseMs = 50
const pauseMsMax = 1_000

/** The pause before the nth try, with chance in it: clients that failed together must not come back together. */
export function backoffMs(tries: number): number {
  const ms = Math.min(firstPauseMs * 2 ** tries, pauseMsMax)
  return ms * (0.75 + Math.random() / 2)
}
