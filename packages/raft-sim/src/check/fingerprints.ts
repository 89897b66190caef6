/** Two independent 32-bit hashes of a text: the halves of its fingerprint. */
export function hashText(text: string): readonly [number, number] {
  let high = 0x9e3779b9
  let low = 0x85ebca6b
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    high = Math.imul(high ^ code, 0x01000193)
    high = (high << 13) | (high >>> 19)
    low = Math.imul(low ^ code, 0xcc9e2d51)
    low = (low << 15) | (low >>> 17)
  }
  return [mix(high ^ text.length), mix(low + text.length)]
}

/** Spreads every bit over all others (the finalizer of MurmurHash3). */
export function mix(value: number): number {
  let hash = value ^ (value >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** A set of 64-bit fingerprints: 8 bytes each, in open addressing, never more than two thirds full. */
export class FingerprintSet {
  #table = new Int32Array(1 << 17)
  #mask = (1 << 16) - 1
  size = 0

  /** Whether it is new. */
  add(high: number, low: number): boolean {
    // Two zeroes mark an empty slot.
    const second = high === 0 && low === 0 ? 1 : low
    if (this.size * 3 >= (this.#mask + 1) * 2) this.#grow()
    if (!insert(this.#table, this.#mask, high, second)) return false
    this.size++
    return true
  }

  #grow(): void {
    const old = this.#table
    this.#table = new Int32Array(old.length * 2)
    this.#mask = this.#mask * 2 + 1
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] !== 0 || old[i + 1] !== 0) insert(this.#table, this.#mask, old[i]!, old[i + 1]!)
    }
  }
}

function insert(table: Int32Array, mask: number, high: number, low: number): boolean {
  let slot = (low ^ (high << 7)) & mask
  for (;;) {
    const first = table[slot * 2]!
    const second = table[slot * 2 + 1]!
    if (first === 0 && second === 0) break
    if (first === high && second === low) return false
    slot = (slot + 1) & mask
  }
  table[slot * 2] = high
  table[slot * 2 + 1] = low
  return true
}

/** From pairs of numbers that are not negative to a number that is not negative, in open addressing. */
export class PairTable {
  #table = new Int32Array(3 << 16).fill(-1)
  #mask = (1 << 16) - 1
  #size = 0

  /** -1 when there is none. */
  get(first: number, second: number): number {
    return this.#table[this.#slot(first, second) + 2]!
  }
  set(first: number, second: number, value: number): void {
    if (this.#size * 3 >= (this.#mask + 1) * 2) this.#grow()
    const slot = this.#slot(first, second)
    if (this.#table[slot + 2] === -1) this.#size++
    this.#table[slot] = first
    this.#table[slot + 1] = second
    this.#table[slot + 2] = value
  }

  #slot(first: number, second: number): number {
    const table = this.#table
    let place = (Math.imul(first, 0x9e3779b1) ^ mix(second)) & this.#mask
    for (;;) {
      const slot = place * 3
      if (table[slot + 2] === -1 || (table[slot] === first && table[slot + 1] === second)) return slot
      place = (place + 1) & this.#mask
    }
  }
  #grow(): void {
    const old = this.#table
    this.#mask = this.#mask * 2 + 1
    this.#table = new Int32Array((this.#mask + 1) * 3).fill(-1)
    this.#size = 0
    for (let i = 0; i < old.length; i += 3) if (old[i + 2] !== -1) this.set(old[i]!, old[i + 1]!, old[i + 2]!)
  }
}
