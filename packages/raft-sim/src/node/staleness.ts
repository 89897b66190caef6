import type { Index } from 'raft-core'
import { Violation } from '../invariants/invariant.ts'

/** Times are whole milliseconds in messages, each rounded to the safe side. */
const slackMs = 0.001

/** When everything of one cluster was first known to be committed, by the time that no clock shows: how old data really are. */
export class Staleness {
  readonly #base: Index
  readonly #committedAt: number[] = []

  constructor(base: Index) {
    this.#base = base
  }

  /** All up to here is committed by now. */
  committed(upTo: Index, now: number): void {
    while (this.#base + this.#committedAt.length < upTo) this.#committedAt.push(now)
  }

  /** For how long there has been something that data up to `applied` lack. */
  ageOf(applied: Index, now: number): number {
    const missingSince = this.#committedAt[Math.max(0, applied - this.#base)]
    return missingSince === undefined ? 0 : Math.max(0, now - missingSince)
  }

  /** `claimed`: what a node says of its data, by a clock that is right. */
  check(node: string, claimed: number, applied: Index, now: number): void {
    const age = this.ageOf(applied, now)
    if (claimed + slackMs >= age) return
    const lacks = `lacks entry ${applied + 1}, which was committed ${age.toFixed(1)} ms ago`
    throw new Violation('staleness', node, `${node} says that its data is at most ${claimed.toFixed(1)} ms old, and ${lacks}`)
  }
}
