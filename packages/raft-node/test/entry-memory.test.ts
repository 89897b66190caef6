import { expect, test } from 'vitest'
import { entryMemory } from '../src/entry-memory.ts'

test('pieces do not overlap, whatever their sizes, and small ones share their memory', () => {
  const sizes = [0, 1, 7, 8, 9, 300, 20_000, 16_384, 16_385, 5, 65_536, 100_000, 3]
  const pieces = Array.from({ length: 400 }, (_, at) => entryMemory(sizes[at % sizes.length]!))
  for (const [at, piece] of pieces.entries()) piece.fill(at % 251)
  for (const [at, piece] of pieces.entries()) {
    expect(piece.length).toBe(sizes[at % sizes.length])
    expect(piece.every(byte => byte === at % 251)).toBe(true)
  }
  const small = Array.from({ length: 100 }, () => entryMemory(300))
  expect(new Set(small.map(({ buffer }) => buffer)).size).toBeLessThanOrEqual(2)
})
