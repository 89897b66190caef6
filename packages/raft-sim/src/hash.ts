import type { Entry } from 'raft-core'

/**
 * Folds a number into a running hash of 53 bits, which stays a safe integer: wide enough that two different histories of a few million
 * steps never meet by accident, and cheap enough to run for every event.
 */
export function fold(hash: number, value: number): number {
  const word = (value >>> 0) ^ (value > 0xffffffff ? Math.imul(value / 0x100000000, 0x27d4eb2f) : 0)
  let low = Math.imul((hash >>> 0) ^ word, 0x9e3779b1)
  low ^= low >>> 15
  let high = Math.imul(((hash / 0x100000000) >>> 0) + word, 0x85ebca77) ^ low
  high ^= high >>> 13
  low = (low + Math.imul(high, 0xc2b2ae3d)) | 0
  return (high & 0x1fffff) * 0x100000000 + (low >>> 0)
}

export function foldText(hash: number, text: string): number {
  let result = fold(hash, text.length)
  for (let i = 0; i < text.length; i++) result = fold(result, text.charCodeAt(i))
  return result
}

export function foldBytes(hash: number, bytes: Uint8Array): number {
  let result = fold(hash, bytes.length)
  let i = 0
  for (; i + 4 <= bytes.length; i += 4) {
    result = fold(result, bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
  }
  for (; i < bytes.length; i++) result = fold(result, bytes[i]!)
  return result
}

/** The chain hash of a log that ends with this entry: h(k) = H(h(k-1), term, type, data). Equal hashes mean equal logs up to there. */
export function chain(before: number, entry: Entry): number {
  const hash = fold(before, entry.term)
  if (entry.type === 'command') return foldBytes(fold(hash, 1), entry.data)
  if (entry.type === 'empty') return fold(hash, 2)
  const { transition, changes, context } = entry.change
  let result = foldText(fold(hash, 3), transition)
  for (const change of changes) result = foldText(foldText(fold(result, change.promote === true ? 1 : 0), change.type), change.id)
  return context === undefined ? result : foldBytes(result, context)
}

export function hex(hash: number): string {
  return hash.toString(16).padStart(14, '0')
}
