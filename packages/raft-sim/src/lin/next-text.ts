import type { KeyHistory, Step } from './key-history.ts'
import { unseen } from './key-history.ts'
import type { Seer, Seers } from './seers.ts'

/** Where there is nothing but appends and reads, strings only grow: each must be the beginning of the next that is read. */
export class NextText {
  readonly #seers: Seers
  /** The shortest first. */
  readonly #byLength: readonly Seer[]
  #at = 0

  constructor(seers: Seers) {
    this.#seers = seers
    this.#byLength = [...seers.all].sort((a, b) => a.text.length - b.text.length)
  }

  /** False if nothing that must be read can come of it. */
  allows({ value, return: returned }: Step, state: number, history: KeyHistory): boolean {
    const next = this.#next()
    if (next === undefined) return returned !== Infinity
    return value !== unseen && state !== unseen && next.text.startsWith(history.textOf(value), history.textOf(state).length)
  }

  /** The shortest that is still to be read. */
  #next(): Seer | undefined {
    const seers = this.#byLength
    while (this.#at > 0 && !this.#seers.isDone(seers[this.#at - 1]!)) this.#at--
    while (this.#at < seers.length && this.#seers.isDone(seers[this.#at]!)) this.#at++
    return seers[this.#at]
  }
}
