import type { Index } from 'raft-core'
import type { Clock } from './ports.ts'

type Mark = { readonly index: Index; readonly at: number }
const marksMax = 1_000

/**
 * When entries came, roughly: at some moments, how far the log was. When the oldest entry in memory is younger than a restore takes, a
 * follower that needs a snapshot finds the log gone again once it has restored it, and never catches up.
 */
export class LogAge {
  readonly #clock: Clock
  #marks: Mark[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The log reaches at least this far now. */
  look(index: Index): void {
    if (this.#marks.at(-1)?.index === index) return
    this.#marks.push({ index, at: this.#clock.now() })
    if (this.#marks.length > marksMax) this.#marks = this.#marks.filter((_, place) => place % 2 === 0)
  }

  /** In seconds, of the entry at `first` or a somewhat younger one. Undefined: there is no such entry. */
  of(first: Index): number | undefined {
    const at = this.#marks.findIndex(({ index }) => index >= first)
    if (at < 0) return undefined
    this.#marks.splice(0, at)
    return (this.#clock.now() - (this.#marks[0] as Mark).at) / 1000
  }
}
