import fc from 'fast-check'
import type { Entry } from 'raft-core'
import { describe, expect, test } from 'vitest'
import { decodeEntries, encodeEntries } from '../src/entry-codec.ts'
import { slabBytes } from '../src/entry-memory.ts'

const safe = fc.maxSafeNat()
const bytes = fc.uint8Array({ maxLength: 40 })
const change = fc.record({
  transition: fc.constantFrom('auto' as const, 'implicit' as const, 'explicit' as const),
  changes: fc.array(
    fc.record(
      {
        type: fc.constantFrom('voter' as const, 'learner' as const, 'remove' as const, 'update' as const),
        id: fc.string(),
        promote: fc.boolean(),
      },
      { requiredKeys: ['type', 'id'] },
    ),
    { maxLength: 3 },
  ),
  context: fc.option(bytes, { nil: undefined }),
})
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ term: safe, index: safe, type: fc.constant('command' as const), data: bytes }),
  fc.record({ term: safe, index: safe, type: fc.constant('empty' as const) }),
  fc.record({ term: safe, index: safe, type: fc.constant('membership' as const), change }),
)

describe('entries as one block', () => {
  test('come back as they went', () => {
    fc.assert(
      fc.property(fc.array(entry), entries => {
        expect(decodeEntries(encodeEntries(entries))).toEqual(entries)
      }),
    )
  })

  test('do not hold on to the buffer they were read from', () => {
    const socket = Buffer.alloc(1 << 16)
    const block = encodeEntries([{ term: 1, index: 1, type: 'command', data: Uint8Array.of(1, 2, 3) }])
    socket.set(block, 100)
    const [decoded] = decodeEntries(socket.subarray(100, 100 + block.length))
    socket.fill(0)
    expect(decoded).toEqual({ term: 1, index: 1, type: 'command', data: Uint8Array.of(1, 2, 3) })
    if (decoded?.type !== 'command') throw new Error('a command was sent')
    expect(decoded.data.buffer).not.toBe(socket.buffer)
    expect(decoded.data.buffer.byteLength).toBe(slabBytes) // beside nothing but entries
  })

  test('cut short, they are refused', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 3 }), fc.nat(), (entries, cut) => {
        const block = encodeEntries(entries)
        expect(() => decodeEntries(block.subarray(0, cut % block.length))).toThrow(expect.objectContaining({ code: 'CORRUPT' }))
      }),
    )
  })

  test('whatever the bytes, the answer is entries or CORRUPT', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }),
        (entries, edits) => {
          const block = encodeEntries(entries)
          for (const [at, value] of edits) block[at % block.length] = value
          try {
            decodeEntries(block)
          } catch (error) {
            expect(error).toMatchObject({ code: 'CORRUPT' })
          }
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('a huge count or length allocates nothing', () => {
    expect(() => decodeEntries(Uint8Array.of(255, 255, 255, 255, 0))).toThrow(/do not fit/)
    const block = encodeEntries([{ term: 1, index: 1, type: 'command', data: Uint8Array.of(1) }])
    new DataView(block.buffer, block.byteOffset).setUint32(4 + 17, 2 ** 32 - 1)
    expect(() => decodeEntries(block)).toThrow(/cut off/)
  })
})
