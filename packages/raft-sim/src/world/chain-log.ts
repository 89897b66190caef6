import type { Index, Position, Term } from 'raft-core'

/** Where a log begins: the position before its first entry, and the chain hash there. */
export type ChainBase = Position & { readonly chain: number }

/** A log reduced to what the checks need: term and chain hash per index. Comparing two logs up to k is comparing two numbers. */
export class ChainLog {
  #base: ChainBase
  #terms: Term[] = []
  #chains: number[] = []

  constructor(base: ChainBase) {
    this.#base = base
  }

  get base(): Index {
    return this.#base.index
  }
  get last(): Index {
    return this.#base.index + this.#terms.length
  }
  get lastTerm(): Term {
    return this.#terms.length === 0 ? this.#base.term : this.#terms[this.#terms.length - 1]!
  }
  get lastChain(): number {
    return this.#chains.length === 0 ? this.#base.chain : this.#chains[this.#chains.length - 1]!
  }

  /** Undefined before the base and after the end, as for `chainAt`. */
  termAt(index: Index): Term | undefined {
    return index === this.#base.index ? this.#base.term : this.#terms[index - this.#base.index - 1]
  }
  chainAt(index: Index): number | undefined {
    return index === this.#base.index ? this.#base.chain : this.#chains[index - this.#base.index - 1]
  }

  push(term: Term, chain: number): void {
    this.#terms.push(term)
    this.#chains.push(chain)
  }
  /** Drops this index and all after it. */
  truncateFrom(index: Index): void {
    const length = Math.max(0, index - this.#base.index - 1)
    if (length >= this.#terms.length) return
    this.#terms.length = length
    this.#chains.length = length
  }
  /** Forgets everything up to and including this index. */
  compact(index: Index): void {
    const chain = this.chainAt(index)
    if (chain === undefined || index === this.#base.index) return
    const base = { index, term: this.termAt(index)!, chain }
    this.#terms = this.#terms.slice(index - this.#base.index)
    this.#chains = this.#chains.slice(index - this.#base.index)
    this.#base = base
  }
  /** Starts anew after a snapshot. */
  reset(base: ChainBase): void {
    this.#base = base
    this.#terms = []
    this.#chains = []
  }

  copy(): ChainLog {
    const copy = new ChainLog(this.#base)
    copy.#terms = this.#terms.slice()
    copy.#chains = this.#chains.slice()
    return copy
  }
}
