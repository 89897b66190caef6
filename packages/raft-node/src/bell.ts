import type { Clock } from './ports.ts'

/** "Something changed, look again": everybody who waits is woken, and looks for himself whether it is what he waits for. */
export class Bell {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  ring(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }

  /** Nobody waits: whoever would ring has nothing to do. */
  get isIdle(): boolean {
    return this.#waiting.size === 0
  }

  /** Resolves at the next ring, or after `timeoutMs` without one, or when the signal fires; never rejects. */
  next(timeoutMs: number | undefined, signal?: AbortSignal | undefined): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        timer?.cancel()
        signal?.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = timeoutMs === undefined ? undefined : this.#clock.after(timeoutMs, wake)
      this.#waiting.add(wake)
      signal?.addEventListener('abort', wake, { once: true })
      if (signal?.aborted) wake()
    })
  }
}
