import { fold, foldText } from './hash.ts'

/**
 * Chance that repeats: sfc32 (Chris Doty-Humphrey's small fast counter), from a seed. Streams are forked by name, so that one part of
 * the world drawing more often does not change what another part draws.
 */
export class Random {
  readonly #seed: number
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#seed = fold(0x5eed, seed)
    this.#a = fold(this.#seed, 1) | 0
    this.#b = fold(this.#seed, 2) | 0
    this.#c = fold(this.#seed, 3) | 0
    for (let i = 0; i < 12; i++) this.#word()
  }

  /** A stream of its own. The same name gives the same stream, however much was drawn from this one. */
  fork(name: string): Random {
    return new Random(foldText(this.#seed, name))
  }

  /** A number in [0, 1). */
  next(): number {
    return (this.#word() >>> 0) / 0x100000000
  }
  /** An integer in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }
  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }
  /** As likely to fall between 1 and 10 as between 10 and 100: small limits and large ones get the same attention. */
  spread(low: number, high: number): number {
    return Math.round(low * (high / low) ** this.next())
  }
  chance(probability: number): boolean {
    return this.next() < probability
  }
  /** Waiting time until something that happens on average every `mean`. */
  wait(mean: number): number {
    return -Math.log(1 - this.next()) * mean
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }
  shuffled<T>(list: readonly T[]): T[] {
    const result = [...list]
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const kept = result[i]!
      result[i] = result[j]!
      result[j] = kept
    }
    return result
  }

  #word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum
  }
}
