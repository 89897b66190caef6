import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import { type Field, tupleBytes, writeTuple } from '../src/write-tuple.ts'

const packr = new Packr({ useRecords: false, copyBuffers: true })

function packed(fields: readonly Field[]): Buffer {
  const to = Buffer.alloc(tupleBytes(fields) + 2, 0xee)
  expect(writeTuple(to, 1, fields)).toBe(to.length - 1)
  expect([to[0], to.at(-1)]).toEqual([0xee, 0xee])
  return to.subarray(1, -1)
}

const edges = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, 0.5]
const lengths = [0, 15, 16, 31, 32, 64, 65, 255, 256, 65_535, 65_536]

describe('a tuple written', () => {
  const { field } = fc.letrec<{ field: Field }>(tie => ({
    field: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, false),
      fc.oneof(fc.maxSafeNat(), fc.nat({ max: 300 }), fc.constantFrom(...edges)),
      fc.string({ unit: fc.constantFrom('a', '~', 'é', '€', '😀'), maxLength: 70 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.array(tie('field'), { maxLength: 18 }),
    ),
  }))

  test('is what msgpackr makes of it, in as many bytes as were asked for', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), fields => {
        expect(packed(fields).toString('hex')).toBe(packr.pack(fields).toString('hex'))
      }),
    )
  })

  test.each(edges)('the number %d', number => {
    expect(packed([number])).toEqual(Buffer.from(packr.pack([number])))
  })

  test.each(lengths)('texts, bytes and tuples of length %d', length => {
    for (const one of ['x'.repeat(length), 'é'.repeat(length), new Uint8Array(length).fill(7), new Array(length).fill(1)]) {
      expect(packed([one]).equals(packr.pack([one]))).toBe(true)
    }
  })
})
