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

/** The links of the stored log, from its base to its last entry. Its steps name indices, so they hold in whatever order they come. */
export class Chain {
  #base: Index
  #links: Link[]

  constructor(base: Index, link: Link, links: readonly Link[] = []) {
    this.#base = base
    this.#links = [link, ...links]
  }

  get last(): Index {
    return this.#base + this.#links.length - 1
  }

  at(index: Index): Link | undefined {
    return this.#links[index - this.#base]
  }

  /** Replaces everything after `index`. */
  replaceAfter(index: Index, links: readonly Link[]): void {
    this.#links.length = index - this.#base + 1
    for (const link of links) this.#links.push(link)
  }

  /** `index` is the new base. */
  dropBefore(index: Index): void {
    this.#links = this.#links.slice(index - this.#base)
    this.#base = index
  }
}
