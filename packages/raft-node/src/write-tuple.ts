import { Buffer } from 'node:buffer'

/**
 * Positional tuples as MessagePack, written straight to where they go: the same bytes as msgpackr's (negative numbers aside, of which there
 * are none), without its memory in between and without asking each value what else it could be. For the tuples that every write brings
 * about; others are packed with msgpackr (`tuples.ts`).
 */
export type Field = null | boolean | number | string | Uint8Array | readonly Field[]

/** How many bytes `writeTuple` will write. Counted, and not walked through: V8 makes an object of each step where arrays are now of whole numbers and now of anything. */
export function tupleBytes(fields: readonly Field[]): number {
  let size = fields.length < 16 ? 1 : fields.length <= 0xffff ? 3 : 5
  for (let i = 0; i < fields.length; i++) size += fieldBytes(fields[i] as Field)
  return size
}

function fieldBytes(field: Field): number {
  if (typeof field === 'number') return integerBytes(field)
  if (typeof field === 'string') {
    const length = isAscii(field) ? field.length : Buffer.byteLength(field)
    return length + (length < 32 ? 1 : lengthBytes(length))
  }
  if (field === null || typeof field === 'boolean') return 1
  return field instanceof Uint8Array ? field.length + lengthBytes(field.length) : tupleBytes(field)
}

/** Anything but whole numbers from 0 to 2³² - 1 is a float. */
function integerBytes(value: number): number {
  if (value !== value >>> 0) return 9
  return value <= 0x7f ? 1 : value <= 0xff ? 2 : value <= 0xffff ? 3 : 5
}

function lengthBytes(length: number): number {
  return length <= 0xff ? 2 : length <= 0xffff ? 3 : 5
}

/** Ids and addresses: to look at each of a few characters is quicker than to ask Node. */
function isAscii(text: string): boolean {
  if (text.length > 64) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

/** Returns where it ends. There must be room for `tupleBytes`. */
export function writeTuple(to: Uint8Array, at: number, fields: readonly Field[]): number {
  const { length } = fields
  let end = length < 16 ? writeByte(to, at, 0x90 + length) : writeLong(to, at, length, 0xdc)
  for (let i = 0; i < length; i++) end = writeField(to, end, fields[i] as Field)
  return end
}

function writeField(to: Uint8Array, at: number, field: Field): number {
  if (typeof field === 'number') return writeNumber(to, at, field)
  if (typeof field === 'string') return isAscii(field) ? writeAscii(to, at, field) : writeText(to, at, Buffer.from(field))
  if (field === null) return writeByte(to, at, 0xc0)
  if (typeof field === 'boolean') return writeByte(to, at, field ? 0xc3 : 0xc2)
  if (!(field instanceof Uint8Array)) return writeTuple(to, at, field)
  const start = writeCount(to, at, field.length, 0xc4)
  to.set(field, start)
  return start + field.length
}

function writeNumber(to: Uint8Array, at: number, value: number): number {
  if (value !== value >>> 0) return writeFloat(to, at, value)
  return value <= 0x7f ? writeByte(to, at, value) : writeCount(to, at, value, 0xcc)
}

const float = new DataView(new ArrayBuffer(8))

function writeFloat(to: Uint8Array, at: number, value: number): number {
  float.setFloat64(0, value)
  to[at] = 0xcb
  for (let i = 0; i < 8; i++) to[at + 1 + i] = float.getUint8(i)
  return at + 9
}

function writeAscii(to: Uint8Array, at: number, text: string): number {
  const start = writeTextHead(to, at, text.length)
  for (let i = 0; i < text.length; i++) to[start + i] = text.charCodeAt(i)
  return start + text.length
}

function writeText(to: Uint8Array, at: number, utf8: Uint8Array): number {
  const start = writeTextHead(to, at, utf8.length)
  to.set(utf8, start)
  return start + utf8.length
}

function writeTextHead(to: Uint8Array, at: number, length: number): number {
  return length < 32 ? writeByte(to, at, 0xa0 + length) : writeCount(to, at, length, 0xd9)
}

function writeByte(to: Uint8Array, at: number, byte: number): number {
  to[at] = byte
  return at + 1
}

/** A number, or the length of what follows. `token`: the one for a single byte; those for two and for four follow it. */
function writeCount(to: Uint8Array, at: number, count: number, token: number): number {
  if (count > 0xff) return writeLong(to, at, count, token + 1)
  to[at] = token
  to[at + 1] = count
  return at + 2
}

/** In two bytes or four. */
function writeLong(to: Uint8Array, at: number, count: number, token: number): number {
  const bytes = count <= 0xffff ? 2 : 4
  to[at] = bytes === 2 ? token : token + 1
  for (let i = 1; i <= bytes; i++) to[at + i] = count >>> (8 * (bytes - i))
  return at + 1 + bytes
}
