import { Buffer } from 'node:buffer'
import { Packr } from 'msgpackr'
import { unboxed } from './safe-integer.ts'

/** Positional tuples without records: the same value gives the same bytes on every node, and old readers can refuse what is new. */
const packr = new Packr({ useRecords: false, copyBuffers: true })

export function pack(tuple: readonly unknown[]): Uint8Array {
  return packr.pack(tuple)
}

/** Throws where the bytes are not a tuple of this version. Its fields are checked by whoever reads them. */
export function unpack(bytes: Uint8Array, version: number, what: string): readonly unknown[] {
  const value: unknown = packr.unpack(bytes)
  if (!Array.isArray(value) || value[0] !== version) throw new Error(`${what} of another version: this node reads version ${version}`)
  return value.slice(1)
}

/** Several tuples one after the other, as they were packed. */
export function unpackAll(bytes: Uint8Array): readonly unknown[] {
  return packr.unpackMultiple(bytes) ?? []
}

/** Several tuples, to be read by `unpackAll`. */
export function packAll(tuples: readonly (readonly unknown[])[]): Uint8Array {
  return Buffer.concat(tuples.map(tuple => packr.pack(tuple)))
}

export function text(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw new Error(`${what} is not text`)
}

export function whole(value: unknown, what: string): number {
  if (Number.isSafeInteger(value)) return unboxed(value as number)
  throw new Error(`${what} is not a whole number`)
}

export function bytesOf(value: unknown, what: string): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new Error(`${what} is not bytes`)
}
