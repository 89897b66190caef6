import { Buffer } from 'node:buffer'
import { RaftError } from '../errors.ts'
import { unboxed } from '../safe-integer.ts'
import { type Field, tupleBytes, writeTuple } from '../write-tuple.ts'

/**
 * Positional tuples in MessagePack, read field by field with every type and bound checked. All that is wrong with the bytes comes
 * out as one kind of error: RaftError CORRUPT.
 */
export function packTuple(fields: readonly Field[]): Buffer {
  const packed = Buffer.allocUnsafe(tupleBytes(fields))
  writeTuple(packed, 0, fields)
  return packed
}

export function unpackTuple(bytes: Buffer): TupleReader {
  return new TupleReader({ bytes, at: 0 })
}

/** What a reader and those of the tuples in it share: the bytes, and how far they are read. */
type Cursor = { readonly bytes: Buffer; at: number }

/** First bytes of values that `packTuple` writes, as the MessagePack specification names them. */
const token = {
  positiveFixint: 0x7f,
  fixarray: 0x90,
  fixstr: 0xa0,
  nil: 0xc0,
  false: 0xc2,
  true: 0xc3,
  bin8: 0xc4,
  float64: 0xcb,
  uint8: 0xcc,
  uint16: 0xcd,
  uint32: 0xce,
  uint64: 0xcf,
  str8: 0xd9,
  array16: 0xdc,
  array32: 0xdd,
} as const

/**
 * Takes the fields of a tuple in order. Every method throws RaftError CORRUPT when the next field is not what it asks for.
 *
 * It decodes what it is asked for and nothing else: a general decoder also knows maps, dates, regular expressions, errors and record
 * definitions, which a stranger could use to make it build things that we never asked for. A tuple within a tuple is to be read to its
 * end before the next field is.
 */
export class TupleReader {
  readonly #cursor: Cursor
  readonly #isOutermost: boolean
  #left: number

  constructor(cursor: Cursor) {
    this.#cursor = cursor
    this.#isOutermost = cursor.at === 0
    this.#left = this.#count()
  }

  /** How many fields are left. */
  get left(): number {
    return this.#left
  }

  /** Not negative, and exact: at most 2^53 - 1. */
  integer(): number {
    const first = this.#take()
    if (first <= token.positiveFixint) return first
    if (first === token.uint8) return this.#bytes(1)
    if (first === token.uint16) return this.#bytes(2)
    if (first === token.uint32) return this.#bytes(4)
    const value = first === token.float64 ? this.#float() : first === token.uint64 ? this.#bytes(4) * 2 ** 32 + this.#bytes(4) : Number.NaN
    if (!Number.isSafeInteger(value) || value < 0) throw corrupt('a whole number')
    return unboxed(value)
  }

  text(lengthMax: number): string {
    const first = this.#take()
    const isShort = first >= token.fixstr && first < token.nil
    const length = isShort ? first - token.fixstr : this.#length(first - token.str8, 'text')
    const { bytes, at } = this.#cursor
    const text = bytes.toString('utf8', at, this.#skip(length))
    if (text.length > lengthMax) throw corrupt(`text of at most ${lengthMax} characters`)
    return text
  }

  flag(): boolean {
    const first = this.#take()
    if (first !== token.true && first !== token.false) throw corrupt('true or false')
    return first === token.true
  }

  /** A copy: a view would keep the whole chunk of the socket in memory as long as one log entry lives. */
  bytes(): Uint8Array {
    return new Uint8Array(this.view())
  }

  /** For what is copied or used up at once. */
  view(): Uint8Array {
    const length = this.#length(this.#take() - token.bin8, 'bytes')
    const { bytes, at } = this.#cursor
    return bytes.subarray(at, this.#skip(length))
  }

  /** A nested tuple. */
  tuple(): TupleReader {
    this.#countDown()
    return new TupleReader(this.#cursor)
  }

  list<T>(read: (reader: TupleReader) => T): T[] {
    const reader = this.tuple()
    const items: T[] = []
    while (reader.left > 0) items.push(read(reader))
    return items
  }

  optional<T>(read: (reader: TupleReader) => T): T | undefined {
    const { bytes, at } = this.#cursor
    if (this.#left === 0 || bytes[at] !== token.nil) return read(this)
    this.#take()
    return undefined
  }

  end(): void {
    const { bytes, at } = this.#cursor
    if (this.#left > 0 || (this.#isOutermost && at !== bytes.length)) throw corrupt('the end')
  }

  /** The first byte of the next field. */
  #take(): number {
    this.#countDown()
    return this.#bytes(1)
  }

  #countDown(): void {
    if (this.#left === 0) throw corrupt('more fields')
    this.#left -= 1
  }

  /** A number of so many bytes. */
  #bytes(count: 1 | 2 | 4): number {
    const { bytes, at } = this.#cursor
    this.#skip(count)
    if (count === 1) return bytes[at] as number
    return count === 2 ? bytes.readUInt16BE(at) : bytes.readUInt32BE(at)
  }

  #float(): number {
    const { bytes, at } = this.#cursor
    this.#skip(8)
    return bytes.readDoubleBE(at)
  }

  /** Of a value whose length stands in 1, 2 or 4 bytes, by the place of its token among those three. */
  #length(place: number, expected: string): number {
    if (place < 0 || place > 2) throw corrupt(expected)
    return this.#bytes(place === 0 ? 1 : place === 1 ? 2 : 4)
  }

  /** How many fields a tuple has that begins here: each takes a byte at least. */
  #count(): number {
    const first = this.#bytes(1)
    const isShort = first >= token.fixarray && first < token.fixstr
    if (!isShort && first !== token.array16 && first !== token.array32) throw corrupt('a tuple')
    const count = isShort ? first - token.fixarray : this.#bytes(first === token.array16 ? 2 : 4)
    const { bytes, at } = this.#cursor
    if (count > bytes.length - at) throw corrupt('more bytes')
    return count
  }

  /** Returns where it ends. */
  #skip(count: number): number {
    const end = this.#cursor.at + count
    if (end > this.#cursor.bytes.length) throw corrupt('more bytes')
    this.#cursor.at = end
    return end
  }
}

/** The one place where wrong bytes turn from an exception into a value; what the node's own callbacks throw is never caught with it. */
export function attempt<T>(read: () => T): T | RaftError {
  try {
    return read()
  } catch (error) {
    if (error instanceof RaftError) return error
    throw error
  }
}

export function corrupt(expected: string): RaftError {
  return new RaftError(
    'CORRUPT',
    `A peer sent bytes that are not in the wire format: expected ${expected}. Check that all nodes run the same version.`,
  )
}
