/** Texts that somebody sees, and the pieces that they may have grown from. */
export class Texts {
  /** In their order: all that begin alike stand together. */
  readonly #sorted: readonly string[]
  /** Those that are not the beginning of another one, in one string: what is within one of them is within this. */
  readonly #all: string
  readonly #pieces: ReadonlySet<string>
  readonly #lengths: readonly number[]
  readonly #ways = new Map<string, Uint8Array>()

  constructor(texts: Iterable<string>, pieces: Iterable<string>) {
    this.#sorted = [...new Set(texts)].sort((a, b) => (a < b ? -1 : 1))
    this.#all = this.#sorted.filter((text, at) => this.#sorted[at + 1]?.startsWith(text) !== true).join('\uffff')
    this.#pieces = new Set(pieces)
    this.#lengths = [...new Set([...this.#pieces].map(piece => piece.length))].filter(length => length > 0)
  }

  /** Some text begins like this. */
  someBeginsWith(start: string): boolean {
    return this.#sorted[firstAtLeast(this.#sorted, start, text => text)]?.startsWith(start) === true
  }
  /** May also be true if none does. */
  someIncludes(piece: string): boolean {
    return this.#all.includes(piece)
  }
  /** In how many ways this text can have grown by pieces, from its first so many characters: 0, 1, or 2 for several. */
  ways(text: string, from: number): number {
    let ways = this.#ways.get(text)
    if (ways === undefined) {
      ways = new Uint8Array(text.length + 1)
      ways[text.length] = 1
      for (let at = text.length - 1; at >= 0; at--) {
        for (const length of this.#lengths) {
          const rest = ways[at + length]
          if (rest !== undefined && rest > 0 && this.#pieces.has(text.slice(at, at + length))) ways[at] = Math.min(2, ways[at]! + rest)
        }
      }
      this.#ways.set(text, ways)
    }
    return ways[from]!
  }
  /** What comes next in a text that has grown from its first so many characters in one way. */
  pieceAt(text: string, from: number): string {
    const fits = (length: number) =>
      from + length <= text.length && this.#pieces.has(text.slice(from, from + length)) && this.ways(text, from + length) > 0
    return text.slice(from, from + (this.#lengths.find(fits) ?? text.length))
  }
}

/** The place of the first item whose text is not less than this one; items are in the order of their texts. */
export function firstAtLeast<T>(items: readonly T[], least: string, textOf: (item: T) => string): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (textOf(items[middle]!) < least) low = middle + 1
    else high = middle
  }
  return low
}
