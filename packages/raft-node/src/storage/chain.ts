import { crc32 } from 'node:zlib'
import type { Index, Term } from 'raft-core'

/**
 * The chain hash of an entry: 48 bits over its content and, through the hash before, over every entry before it. Equal on every node
 * that holds the same log, so a snapshot can carry it. The low 32 bits are a checksum that goes on where the last one ended (a
 * difference, once in, never leaves); the upper 16 mix the low ones in a way that is not linear. Against accidents, not attackers.
 */
export function chainHash(previous: number, content: Uint8Array): number {
  const low = crc32(content, previous % 2 ** 32)
  const high = Math.floor(previous / 2 ** 32)
  const mixed = Math.imul(high ^ low, 0x9e3779b1) >>> 16
  return mixed * 2 ** 32 + low
}

/** An entry's place in the chain. */
export type Link = { readonly term: Term; readonly hash: number }

/** From this index on, up to the next run, entries are of this term. */
type Run = { readonly from: Index; readonly term: Term }

/**
 * The links of the stored log, from its base to its last entry. Its steps name indices, so they hold in whatever order they come. There is
 * one for each entry, and an object for each would weigh as much as a small entry: so hashes are bare numbers, and terms lie in runs.
 */
export class Chain {
  #base: Index
  #hashes: number[] = []
  /** Ascending; the first begins at the base. */
  #runs: Run[] = []

  constructor(base: Index, link: Link, links: readonly Link[] = []) {
    this.#base = base
    this.#push(link)
    for (const each of links) this.#push(each)
  }

  get last(): Index {
    return this.#base + this.#hashes.length - 1
  }

  at(index: Index): Link | undefined {
    const hash = this.#hashes[index - this.#base]
    return hash === undefined ? undefined : { term: this.#runAt(index).term, hash }
  }

  /** Replaces everything after `index`. */
  replaceAfter(index: Index, links: readonly Link[]): void {
    const kept = index - this.#base + 1
    if (kept !== this.#hashes.length) this.#hashes.length = kept // even where it changes nothing, V8 takes its time for it
    while (this.#runs.at(-1)!.from > index) this.#runs.pop()
    for (const link of links) this.#push(link)
  }

  /** `index` is the new base. */
  dropBefore(index: Index): void {
    const { term } = this.#runAt(index)
    this.#runs = [{ from: index, term }, ...this.#runs.filter(({ from }) => from > index)]
    this.#hashes = this.#hashes.slice(index - this.#base)
    this.#base = index
  }

  #push({ term, hash }: Link): void {
    if (this.#runs.at(-1)?.term !== term) this.#runs.push({ from: this.last + 1, term })
    this.#hashes.push(hash)
  }

  #runAt(index: Index): Run {
    return this.#runs.findLast(({ from }) => from <= index)!
  }
}
