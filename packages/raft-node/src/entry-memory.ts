import { Buffer } from 'node:buffer'

const slabBytes = 64 * 1024
const alignment = 8

let slab = Buffer.allocUnsafeSlow(0)
let used = 0

/**
 * Memory for one entry, not filled. Entries live until the log is shortened, and go in the order in which they came; so they lie in
 * slabs of their own. In Node's pool each would hold a whole piece of it, with all that was short-lived beside it, for as long. And an
 * ArrayBuffer for each costs several times as much as filling it.
 */
export function entryMemory(bytes: number): Buffer {
  if (bytes > slabBytes / 4) return Buffer.allocUnsafeSlow(bytes)
  if (used + bytes > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabBytes)
    used = 0
  }
  const start = used
  used = Math.ceil((start + bytes) / alignment) * alignment
  return slab.subarray(start, start + bytes)
}
