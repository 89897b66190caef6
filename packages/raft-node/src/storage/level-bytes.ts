/** Takes LevelDB's numbers and strings one after the other. Throws RangeError where the bytes end or are none. */
export class LevelBytes {
  readonly #bytes: Uint8Array
  #at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** Seven bits a byte, the lowest first. */
  varint(): number {
    let value = 0
    for (let shift = 1; shift < 2 ** 56; shift *= 128) {
      const [byte] = this.take(1) as unknown as [number]
      value += (byte & 0x7f) * shift
      if (byte < 0x80) return value
    }
    throw new RangeError('a number that is too long')
  }

  /** Its length before it. */
  string(): Uint8Array {
    return this.take(this.varint())
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw new RangeError('the bytes end')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}
