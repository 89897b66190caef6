import type { AnyWait } from './wait.ts'

/** Who gives up when a signal fires: one listener for all of them, since adding and removing one costs more than many a wait. */
const watched = new WeakMap<AbortSignal, Listeners>()

/** Whoever has joined these when the signal fires gives up, and leaves by itself before that or then. */
export function watchSignal(signal: AbortSignal): Listeners {
  let listeners = watched.get(signal)
  if (listeners === undefined) {
    const those = new Listeners(signal.aborted)
    watched.set(signal, those)
    signal.addEventListener('abort', () => those.giveUp(signal.reason), { once: true })
    listeners = those
  }
  return listeners
}

/** A set that mostly holds one or none. V8's makes its table anew whenever the last has left, for every write. */
export class Listeners {
  readonly #waits: AnyWait[] = []
  /**
   * What `signal.aborted` says, once those who listen have heard it. Each signal is a shape of its own to V8, so reading that takes longer
   * than looking here.
   */
  hasFired: boolean

  constructor(hasFired: boolean) {
    this.hasFired = hasFired
  }

  join(wait: AnyWait): void {
    wait.seat = this.#waits.length
    this.#waits.push(wait)
  }

  /** Who has joined, once. The last takes the free seat. */
  leave(wait: AnyWait): void {
    const last = this.#waits.pop() as AnyWait
    if (last === wait) return
    this.#waits[wait.seat] = last
    last.seat = wait.seat
  }

  giveUp(reason: unknown): void {
    this.hasFired = true
    for (const wait of [...this.#waits]) wait.giveUp(reason)
  }
}
