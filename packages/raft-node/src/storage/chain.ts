import { crc32 } from 'node:zlib'
import type { Index } from 'raft-core'

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

/** The chain hashes of the stored log, from its base to its last entry. Its steps name indices, so they hold in whatever order they come. */
export class Chain {
  #base: Index
  #hashes: number[]

  constructor(base: Index, hash: number, hashes: readonly number[] = []) {
    this.#base = base
    this.#hashes = [hash, ...hashes]
  }

  get last(): Index {
    return this.#base + this.#hashes.length - 1
  }

  at(index: Index): number | undefined {
    return this.#hashes[index - this.#base]
  }

  /** Replaces everything after `index`. */
  replaceAfter(index: Index, hashes: readonly number[]): void {
    this.#hashes.length = index - this.#base + 1
    for (const hash of hashes) this.#hashes.push(hash)
  }

  dropBefore(index: Index): void {
    this.#hashes = this.#hashes.slice(index - this.#base)
    this.#base = index
  }
}
