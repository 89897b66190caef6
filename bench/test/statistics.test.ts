import { expect, test } from 'vitest'
import { formatSpread, table, whole } from '../src/format.ts'
import { ratiosOf, spreadOf } from '../src/statistics.ts'

test('the median of an odd number of samples is one of them', () => {
  expect(spreadOf([30, 10, 20])).toEqual({ median: 20, min: 10, max: 30 })
})

test('the median of an even number of samples lies between two', () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 })
})

test('no samples have no median', () => {
  expect(() => spreadOf([])).toThrow(RangeError)
})

test('ratios are taken pair by pair', () => {
  // Both slow down together: the rates spread, their ratio does not.
  expect(ratiosOf([100, 50, 20], [50, 25, 10])).toEqual([2, 2, 2])
  expect(() => ratiosOf([1], [])).toThrow('1 samples against 0')
})

test('figures for people', () => {
  expect(formatSpread(spreadOf([1_234_567.8, 1, 2_000_000]), whole)).toBe('1,234,568 (1–2,000,000)')
  expect(
    table([
      ['load', 'rate'],
      ['one', '12'],
    ]),
  ).toBe('load   rate\none      12')
})
