import { Buffer } from 'node:buffer'

export const slabBytes = 64 * 1024
const alignment = 8

let slab: Uint8Array = new Uint8Array(0)
let used = 0

/**
 * Memory for one entry, or for a block of them, not filled. Entries live until they are applied, and go in the order in which they came; so
 * they lie in slabs of their own. In Node's pool each would hold a whole piece of it, with all that was short-lived beside it, for as long. And an
 * ArrayBuffer for each costs several times as much as filling it.
 */
export function entryMemory(bytes: number): Uint8Array {
  if (bytes > slabBytes / 4) return plain(Buffer.allocUnsafeSlow(bytes))
  if (used + bytes > slab.length) {
    slab = plain(Buffer.allocUnsafeSlow(slabBytes))
    used = 0
  }
  const start = used
  used = Math.ceil((start + bytes) / alignment) * alignment
  return slab.subarray(start, start + bytes)
}

/** What state machines see is not a Buffer on one node and none on another; and views of a Buffer take longer to make. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
