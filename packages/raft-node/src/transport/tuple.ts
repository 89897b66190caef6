import { Packr } from 'msgpackr'
import { RaftError } from '../errors.ts'

/**
 * Positional tuples in MessagePack, read field by field with every type and bound checked. All that is wrong with the bytes comes
 * out as one kind of error: RaftError CORRUPT.
 */
export type Field = null | boolean | number | string | Uint8Array | readonly Field[]

// Records are msgpackr's own dialect, with state between messages: a lost message would garble the next (harper#1348).
const packr = new Packr({ useRecords: false, int64AsType: 'number' })
const elementsMax = 100_000
const depthMax = 4

export function packTuple(fields: readonly Field[]): Buffer {
  return packr.pack(fields)
}

export function unpackTuple(bytes: Buffer): TupleReader {
  assertPlain(bytes)
  return new TupleReader(decode(bytes))
}

/** Takes the fields of a tuple in order. Every method throws RaftError CORRUPT when the next field is not what it asks for. */
export class TupleReader {
  readonly #fields: readonly unknown[]
  #next = 0

  constructor(fields: unknown) {
    if (!Array.isArray(fields)) throw corrupt('a tuple')
    this.#fields = fields
  }

  /** How many fields are left. */
  get left(): number {
    return this.#fields.length - this.#next
  }

  /** Not negative, and exact: at most 2^53 - 1. */
  integer(): number {
    const value = this.#take()
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw corrupt('a whole number')
    return value
  }

  text(lengthMax: number): string {
    const value = this.#take()
    if (typeof value !== 'string' || value.length > lengthMax) throw corrupt(`text of at most ${lengthMax} characters`)
    return value
  }

  flag(): boolean {
    const value = this.#take()
    if (typeof value !== 'boolean') throw corrupt('true or false')
    return value
  }

  /** A copy: a view would keep the whole chunk of the socket in memory as long as one log entry lives. */
  bytes(): Uint8Array {
    return new Uint8Array(this.view())
  }

  /** For what is copied or used up at once. */
  view(): Uint8Array {
    const value = this.#take()
    if (!(value instanceof Uint8Array)) throw corrupt('bytes')
    return value
  }

  /** A nested tuple. */
  tuple(): TupleReader {
    return new TupleReader(this.#take())
  }

  list<T>(read: (reader: TupleReader) => T): T[] {
    const reader = this.tuple()
    const items: T[] = []
    while (reader.left > 0) items.push(read(reader))
    return items
  }

  optional<T>(read: (reader: TupleReader) => T): T | undefined {
    if (this.left > 0 && this.#fields[this.#next] === null) {
      this.#next++
      return undefined
    }
    return read(this)
  }

  end(): void {
    if (this.left > 0) throw corrupt('the end')
  }

  #take(): unknown {
    if (this.left === 0) throw corrupt('more fields')
    return this.#fields[this.#next++]
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

function decode(bytes: Buffer): unknown {
  try {
    return packr.unpack(bytes)
  } catch (cause) {
    throw new RaftError('CORRUPT', 'A peer sent bytes that are not MessagePack. Check that all nodes run the same version.', { cause })
  }
}

/**
 * Accepts only what `packTuple` writes: nil, booleans, numbers, text, bytes and arrays. A general decoder also knows maps, dates,
 * regular expressions, errors and record definitions, which a stranger could use to make it build things we never asked for.
 */
function assertPlain(bytes: Buffer): void {
  const open: number[] = [1] // how many values are still to come, per depth
  let at = 0
  for (let elements = 0; open.length > 0; elements++) {
    if (elements > elementsMax || open.length > depthMax + 1) throw corrupt('fewer values')
    open[open.length - 1]! -= 1
    const token = readToken(bytes, at)
    at += token.bytes
    if (at > bytes.length || token.items > bytes.length - at) throw corrupt('more bytes')
    if (token.items > 0) open.push(token.items)
    while (open.at(-1) === 0) open.pop()
  }
  if (at !== bytes.length) throw corrupt('the end')
}

/** The size of the value at `at` with its header, and for arrays how many values follow it. */
function readToken(bytes: Buffer, at: number): { bytes: number; items: number } {
  const token = bytes[at]
  if (token === undefined) throw corrupt('more bytes')
  if (token < 0x80 || token >= 0xe0) return { bytes: 1, items: 0 }
  if (token >= 0x90 && token < 0xa0) return { bytes: 1, items: token - 0x90 }
  if (token >= 0xa0 && token < 0xc0) return { bytes: 1 + token - 0xa0, items: 0 }
  const fixed = fixedSizes[token] as number
  if (fixed > 0) return { bytes: fixed, items: 0 }
  const width = lengthWidths[token] as number
  if (width === 0) throw corrupt('a plain value')
  if (at + 1 + width > bytes.length) throw corrupt('more bytes')
  const length = bytes.readUIntBE(at + 1, width)
  const isArray = token === 0xdc || token === 0xdd
  return isArray ? { bytes: 1 + width, items: length } : { bytes: 1 + width + length, items: 0 }
}

/** nil, false, true, float64, and integers of 8 to 64 bits. */
const fixedSizes = byToken({
  192: 1,
  194: 1,
  195: 1,
  203: 9,
  204: 2,
  205: 3,
  206: 5,
  207: 9,
  208: 2,
  209: 3,
  210: 5,
  211: 9,
})
/** How many bytes hold the length: bin 8 to 32, str 8 to 32, array 16 and 32. */
const lengthWidths = byToken({ 196: 1, 197: 2, 198: 4, 217: 1, 218: 2, 219: 4, 220: 2, 221: 4 })

/** 0 for all others. Bytes, since each message looks some ten times. */
function byToken(sizes: Readonly<Record<number, number>>): Uint8Array {
  const all = new Uint8Array(256)
  for (const [token, size] of Object.entries(sizes)) all[Number(token)] = size
  return all
}
