import type { History } from '../store/history.ts'

/** Calls its listeners once for all commands that are applied in one turn of the event loop, however many those are. */
export class Turns {
  readonly #listeners = new Set<() => void>()
  #isDue = false

  constructor(history: History) {
    history.listen(() => {
      if (this.#isDue || this.#listeners.size === 0) return
      this.#isDue = true
      setImmediate(() => {
        this.#isDue = false
        for (const listener of [...this.#listeners]) listener()
      })
    })
  }

  /** Returns how to stop listening. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves with the first value that is not undefined, looked at now and after every turn; undefined when the time is over. */
  async until<T>(look: () => T | undefined, waitMs: number, signals: readonly AbortSignal[]): Promise<T | undefined> {
    const now = look()
    if (now !== undefined || waitMs <= 0) return now
    return new Promise((resolve, reject) => {
      const end = (value: T | undefined) => {
        clearTimeout(timer)
        stop()
        for (const signal of signals) signal.removeEventListener('abort', onAbort)
        resolve(value)
      }
      const onAbort = () => end(undefined)
      const timer = setTimeout(() => end(undefined), waitMs)
      const stop = this.listen(() => {
        try {
          const value = look()
          if (value !== undefined) end(value)
        } catch (error) {
          reject(error) // before the end, which then changes nothing
          end(undefined)
        }
      })
      for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true })
      if (signals.some(signal => signal.aborted)) onAbort()
    })
  }
}
