import type { Index, Term } from 'raft-core'
import type { ChainBase } from '../world/chain-log.ts'

/** `C[k]`: the chain hash first seen committed at k, by whom it was committed, and `G`, the greatest of all k. */
export class CommittedLog {
  readonly #base: Index
  readonly #chains: number[]
  readonly #terms: Term[]
  readonly #committedIn: Term[]

  constructor(base: ChainBase) {
    this.#base = base.index
    this.#chains = [base.chain]
    this.#terms = [base.term]
    this.#committedIn = [base.term]
  }

  /** `G`: nothing beyond was ever committed anywhere. */
  get last(): Index {
    return this.#base + this.#chains.length - 1
  }
  /** Undefined for what is not committed, and before the cluster began. */
  chainAt(index: Index): number | undefined {
    return this.#chains[index - this.#base]
  }
  termAt(index: Index): Term | undefined {
    return this.#terms[index - this.#base]
  }

  extend(term: Term, chain: number, committedIn: Term): void {
    this.#terms.push(term)
    this.#chains.push(chain)
    this.#committedIn.push(committedIn)
  }

  /** The last index that was committed by a leader of a term before this one. */
  lastCommittedBefore(term: Term): Index {
    let place = this.#committedIn.length - 1
    while (place > 0 && this.#committedIn[place]! >= term) place--
    return this.#base + place
  }
}
