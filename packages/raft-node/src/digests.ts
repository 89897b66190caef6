import type { Index } from 'raft-core'

/** What a state machine says of its state after one command. */
export type DigestAt = readonly [index: Index, digest: string]

/** So far back can two nodes find out where they began to differ. */
const keptMax = 1_000

/** The digests of the state after each of the latest commands, for nodes to compare. */
export class Digests {
  #kept: DigestAt[] = []

  record(index: Index, digest: string | number): void {
    this.#kept.push([index, String(digest)])
    if (this.#kept.length >= 2 * keptMax) this.#kept = this.#kept.slice(keptMax)
  }

  /** The oldest first. */
  latest(): readonly DigestAt[] {
    return this.#kept.slice(-keptMax)
  }

  /** A snapshot has taken the place of the state. */
  clear(): void {
    this.#kept = []
  }

  /**
   * The first command after which the two states differ, among those that both have a digest of. `isExact`: they did agree before it;
   * otherwise they may have differed earlier.
   */
  firstDifference(others: readonly DigestAt[]): { readonly index: Index; readonly isExact: boolean } | undefined {
    const theirs = new Map(others)
    let isExact = false
    for (const [index, digest] of this.latest()) {
      const other = theirs.get(index)
      if (other === undefined) continue
      if (other !== digest) return { index, isExact }
      isExact = true
    }
    return undefined
  }
}
