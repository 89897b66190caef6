import type { CallOptions } from './api.ts'
import { RaftError } from './errors.ts'
import type { Clock, Timer } from './ports.ts'

/** How long a caller waits: a moment on the monotonic clock, and a signal with which it gives up earlier. */
export type Deadline = { readonly at: number; readonly timeoutMs: number; readonly signal: AbortSignal | undefined }

const defaultTimeoutMs = 5_000

export function deadlineFor(clock: Clock, options: CallOptions = {}): Deadline {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  return { at: clock.now() + timeoutMs, timeoutMs, signal: options.signal }
}

export function remainingMs(clock: Clock, deadline: Deadline): number {
  return Math.max(0, deadline.at - clock.now())
}

/** One caller's wait, settled exactly once: by a value, by an error, by the clock or by the caller's signal. */
export class Wait<T> {
  readonly promise: Promise<T>
  #settle: { resolve(value: T): void; reject(error: Error): void } | undefined
  #timer: Timer | undefined
  #unlisten: (() => void) | undefined

  /** `timedOut` makes the error of a caller whose time is over; `forget` is called when the wait ends without its owner. */
  constructor(clock: Clock, deadline: Deadline, timedOut: () => Error, forget: () => void = () => {}) {
    this.promise = new Promise<T>((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    const giveUp = (error: Error) => {
      forget()
      this.reject(error)
    }
    const { signal } = deadline
    this.#timer = clock.after(remainingMs(clock, deadline), () => giveUp(timedOut()))
    if (signal === undefined) return
    const onAbort = () => giveUp(aborted(signal))
    signal.addEventListener('abort', onAbort, { once: true })
    this.#unlisten = () => signal.removeEventListener('abort', onAbort)
    if (signal.aborted) this.reject(aborted(signal))
  }

  resolve(value: T): void {
    this.#end()?.resolve(value)
  }

  reject(error: Error): void {
    this.#end()?.reject(error)
  }

  #end() {
    const settle = this.#settle
    this.#settle = undefined
    this.#timer?.cancel()
    this.#unlisten?.()
    return settle
  }
}

/** The proposal itself is not taken back, so its outcome is unknown. */
function aborted(signal: AbortSignal): RaftError {
  return new RaftError('ABORTED', 'the caller gave up waiting; what was asked for may still happen', { cause: signal.reason })
}
