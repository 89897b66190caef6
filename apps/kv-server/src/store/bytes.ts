import { Buffer, isUtf8 } from 'node:buffer'

/** What was to be decoded is not in the format. Callers turn it into an answer; it never leaves this package. */
export class MalformedBytes extends Error {
  override readonly name = 'MalformedBytes'
}

/** Writes numbers and strings one after the other: the few things that commands, results and snapshots are made of. */
export class ByteWriter {
  readonly #sizeHint: number
  #buffer: Buffer
  #length = 0

  constructor(sizeHint = 256) {
    this.#sizeHint = sizeHint
    this.#buffer = Buffer.allocUnsafe(sizeHint)
  }

  get length(): number {
    return this.#length
  }

  byte(value: number): this {
    this.#reserve(1)
    this.#buffer[this.#length++] = value
    return this
  }

  /** A safe integer that is not negative: seven bits to a byte, lowest first, so that small numbers stay small. */
  integer(value: number): this {
    this.#reserve(integerBytesMax)
    let rest = value
    while (rest >= 128) {
      this.#buffer[this.#length++] = 128 | (rest % 128)
      rest = Math.floor(rest / 128) // not a shift: those work on 32 bits
    }
    this.#buffer[this.#length++] = rest
    return this
  }

  /** UTF-8 after its length in bytes. The string must be well-formed: a lone surrogate would come back as another character. */
  text(value: string): this {
    const bytes = Buffer.byteLength(value)
    this.integer(bytes)
    this.#reserve(bytes)
    this.#buffer.write(value, this.#length, bytes, 'utf8')
    this.#length += bytes
    return this
  }

  /** Bytes, one in each character of the string, after their number. */
  binary(value: string): this {
    this.integer(value.length)
    this.#reserve(value.length)
    this.#buffer.write(value, this.#length, value.length, 'latin1')
    this.#length += value.length
    return this
  }

  /** Bytes after their number. */
  bytes(value: Uint8Array): this {
    this.integer(value.length)
    this.#reserve(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
    return this
  }

  /** What `write` writes, after its length as four bytes. */
  record(write: (writer: this) => void): void {
    this.#reserve(recordLengthBytes)
    const start = this.#length
    this.#length += recordLengthBytes
    write(this)
    this.#buffer.writeUInt32LE(this.#length - start - recordLengthBytes, start)
  }

  /** What was written since the last time. It is not copied: the writer goes on in other memory. */
  take(): Uint8Array {
    const taken = this.finish()
    this.#buffer = Buffer.allocUnsafe(this.#sizeHint)
    this.#length = 0
    return taken
  }

  /** What was written. The writer must not be used afterwards: it is not copied. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

/** Reads what `ByteWriter` wrote. Throws MalformedBytes; never allocates more than the bytes it was given. */
export class ByteReader {
  readonly #buffer: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.#buffer.length - this.#at
  }

  byte(): number {
    const value = this.#buffer[this.#at]
    if (value === undefined) throw new MalformedBytes('ends too early')
    this.#at++
    return value
  }

  integer(): number {
    let value = 0
    let unit = 1
    for (let count = 0; count < integerBytesMax; count++) {
      const byte = this.byte()
      value += (byte & 127) * unit
      if (value > Number.MAX_SAFE_INTEGER) break
      if (byte < 128) return value
      unit *= 128
    }
    throw new MalformedBytes('holds a number that is too large')
  }

  text(): string {
    const bytes = this.integer()
    if (bytes > this.left) throw new MalformedBytes('ends too early')
    const slice = this.#buffer.subarray(this.#at, this.#at + bytes)
    if (!isUtf8(slice)) throw new MalformedBytes('holds text that is not UTF-8')
    this.#at += bytes
    return slice.toString('utf8')
  }

  /** Bytes as a string with one in each character. */
  binary(): string {
    const bytes = this.integer()
    if (bytes > this.left) throw new MalformedBytes('ends too early')
    this.#at += bytes
    return this.#buffer.toString('latin1', this.#at - bytes, this.#at)
  }

  /** Not a copy. */
  bytes(): Uint8Array {
    const bytes = this.integer()
    if (bytes > this.left) throw new MalformedBytes('ends too early')
    this.#at += bytes
    return this.#buffer.subarray(this.#at - bytes, this.#at)
  }

  /** As many as were written: a count is only a claim, so what it says grows with what is really there. */
  list<T>(read: () => T): T[] {
    const count = this.integer()
    const items: T[] = []
    for (let done = 0; done < count; done++) items.push(read())
    return items
  }

  /** One of these, written as its place among them. */
  choice<T>(choices: readonly T[]): T {
    const place = this.byte()
    const chosen = choices[place]
    if (chosen === undefined) throw new MalformedBytes(`holds the unknown choice ${place}`)
    return chosen
  }

  /** Nothing may follow. */
  end(): void {
    if (this.left > 0) throw new MalformedBytes('goes on after its end')
  }
}

const recordLengthBytes = 4
const integerBytesMax = 8 // 56 bits, enough for any safe integer
