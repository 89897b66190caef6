import { Violation } from '../invariants/invariant.ts'
import { checkLinearizability } from '../lin/check.ts'
import { explainLinearizability } from '../lin/explain.ts'
import type { Operation } from '../lin/operation.ts'
import type { Keys } from './application.ts'

type Write<Result> = {
  readonly text: string
  readonly bytes: Uint8Array
  readonly call: number
  return: number | null
  result: Result | undefined
}

/**
 * What clients did and saw, as they saw it: calls and returns in the order in which they happened, and nothing of the log. The other of two
 * oracles: the history holds every operation against its place in the log, this one looks for any order that explains them all.
 */
export class Recording<Result> {
  readonly #keys: Keys<Result> | undefined
  /** Counts calls and returns: a clock on which no two are at the same time. */
  #now = 0
  readonly #writes = new Map<string, Write<Result>>()
  readonly #asked = new Map<string, number>()
  readonly #reads: Operation[] = []

  constructor(keys: Keys<Result> | undefined) {
    this.#keys = keys
  }

  writes(text: string, bytes: Uint8Array): void {
    this.#writes.set(text, { text, bytes, call: ++this.#now, return: null, result: undefined })
  }
  acknowledged(text: string, result: Result): void {
    const write = this.#writes.get(text)
    if (write === undefined) return
    write.return = ++this.#now
    write.result = result
  }
  /** It had no effect, and never will. */
  failed(text: string): void {
    this.#writes.delete(text)
  }

  asks(text: string): void {
    this.#asked.set(text, ++this.#now)
  }
  answered(text: string, question: string, answer: string): void {
    const call = this.#asked.get(text)
    const deed = this.#keys?.shows(question, answer)
    if (call !== undefined && deed !== undefined) this.#reads.push({ ...deed, client: text, call, return: ++this.#now })
  }

  /** Throws a violation if no order explains what clients saw: since every operation has its place in the log, one of the oracles is wrong. */
  check(): void {
    if (this.#keys === undefined) return
    const verdict = checkLinearizability(this.#operations(this.#keys))
    if (verdict.result === 'linearizable') return
    const why = explainLinearizability(verdict).join('\n')
    throw new Violation(
      'linearizability',
      undefined,
      `the order of the log explains all that clients saw; no order was found without it:\n${why}`,
    )
  }

  #operations(keys: Keys<Result>): Operation[] {
    const writes = [...this.#writes.values()].flatMap(({ text, bytes, call, return: returned, result }) =>
      keys.changes(bytes, result).map((deed): Operation => ({ ...deed, client: text, call, return: returned })),
    )
    return [...writes, ...this.#reads]
  }
}
