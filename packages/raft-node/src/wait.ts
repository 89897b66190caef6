import type { CallOptions } from './api.ts'
import { RaftError } from './errors.ts'
import type { Clock } from './ports.ts'
import { type Listeners, watchSignal } from './signals.ts'

/** How long a caller waits: a moment on the monotonic clock, and a signal with which it gives up earlier. */
export class Deadline {
  readonly at: number
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  #listeners: Listeners | undefined

  constructor(at: number, timeoutMs: number, signal: AbortSignal | undefined) {
    this.at = at
    this.timeoutMs = timeoutMs
    this.signal = signal
  }

  /** Of its signal. Only for who waits: as long as it has a listener, Node keeps a signal of `AbortSignal.any` or `timeout` in memory. */
  get listeners(): Listeners | undefined {
    if (this.signal !== undefined) this.#listeners ??= watchSignal(this.signal)
    return this.#listeners
  }
}

const defaultTimeoutMs = 5_000

/** @throws RaftError INVALID_ARGUMENT for a time that is none. */
export function deadlineFor(clock: Clock, options: CallOptions = {}): Deadline {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  if (!(timeoutMs >= 0))
    throw new RaftError('INVALID_ARGUMENT', `timeoutMs cannot be ${timeoutMs}: give milliseconds from 0 on, or Infinity`)
  return new Deadline(clock.now() + timeoutMs, timeoutMs, options.signal)
}

export function remainingMs(clock: Clock, deadline: Deadline): number {
  return Math.max(0, deadline.at - clock.now())
}

/** Where waits stand until they are over (waits.ts). */
export type Queue = { leave(wait: AnyWait): void }
export type AnyWait = Wait<unknown>

/**
 * One caller's wait, settled exactly once: by a value, by an error, by the clock or by the caller's signal. Every write makes one, so it
 * holds what it needs in fields, and neither a timer nor a listener of its own.
 */
export abstract class Wait<T> {
  readonly deadline: Deadline
  readonly promise: Promise<T>
  /** Its place, and its neighbours there. */
  queue: Queue | undefined
  before: AnyWait | undefined
  behind: AnyWait | undefined
  #settle: { resolve(value: T): void; reject(error: Error): void } | undefined
  /** Among those who hear its signal. */
  seat = 0
  #heardWith: Listeners | undefined

  constructor(deadline: Deadline) {
    this.deadline = deadline
    this.promise = new Promise<T>((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.#heardWith = deadline.listeners
    this.#heardWith?.join(this)
  }

  /** What it hears when its time is over. */
  protected abstract timedOut(): Error
  /** It ends without its owner. */
  protected abstract forget(): void

  resolve(value: T): void {
    this.#end()?.resolve(value)
  }

  reject(error: Error): void {
    this.#end()?.reject(error)
  }

  /** Its time is over. */
  expire(): void {
    this.forget()
    this.reject(this.timedOut())
  }

  /** Its signal has fired. */
  giveUp(reason: unknown): void {
    this.forget()
    this.reject(this.abandoned(reason))
  }

  /** What it hears when its signal has fired. */
  protected abandoned(reason: unknown): Error {
    return gaveUpWaiting(reason)
  }

  #end() {
    const settle = this.#settle
    this.#settle = undefined
    this.queue?.leave(this)
    this.#heardWith?.leave(this)
    this.#heardWith = undefined
    return settle
  }
}

/** What was asked for is not taken back, so its outcome is unknown. */
export function gaveUpWaiting(reason?: unknown): RaftError {
  return new RaftError('ABORTED', 'the caller gave up waiting; what was asked for may still happen', { cause: reason })
}

/** Before anything was begun that could have an effect. */
export function gaveUp(): RaftError {
  return new RaftError('ABORTED', 'the caller gave up; nothing was done', { outcome: 'not-applied' })
}
