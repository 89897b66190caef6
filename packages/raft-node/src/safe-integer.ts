import { RaftError } from './errors.ts'

/**
 * Terms and indices in bytes: eight, big-endian, so that the order of the bytes is the order of the numbers (keys rely on it).
 * Two 32-bit halves rather than a float: there is no NaN, no -0 and no fraction to look out for.
 */
const half = 2 ** 32

export function writeSafeInteger(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, Math.floor(value / half))
  view.setUint32(offset + 4, value % half)
}

/** A small number comes out as a small integer of V8's: computed with `half` it would be a float, in memory of its own wherever it is kept. */
export function readSafeInteger(view: DataView, offset: number): number {
  const high = view.getUint32(offset)
  if (high === 0) return view.getUint32(offset + 4)
  const value = high * half + view.getUint32(offset + 4)
  if (value > Number.MAX_SAFE_INTEGER) throw new RaftError('CORRUPT', `${value} is not a safe integer`)
  return value
}

/**
 * The same number, as V8 keeps small integers: in place. MessagePack's arrays hold floats as soon as one element is one, and then each number
 * comes out in memory of its own; an object with such a term or index would be of another kind than all others with the same fields.
 */
export function unboxed(value: number): number {
  return value === (value | 0) ? value | 0 : value
}
