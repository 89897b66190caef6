import { expect, test } from 'vitest'
import { describeTolerance, toleranceOf } from '../src/cluster/tolerance.ts'

test.each([
  [1, 0],
  [2, 0],
  [3, 1],
  [4, 1],
  [5, 2],
  [6, 2],
  [7, 3],
])('%i voters survive %i', (voters, survives) => {
  expect(toleranceOf({ voters, reachable: voters }).survives).toBe(survives)
})

test('an even number of voters adds none, and the line says why', () => {
  expect(describeTolerance(toleranceOf({ voters: 4, reachable: 4 }), true)).toBe(
    '4 voters, majority 3: survives 1 failure. An even number adds none: 3 would survive 1 as well, with a majority of 2.',
  )
})

test('one voter alone', () => {
  expect(describeTolerance(toleranceOf({ voters: 1, reachable: 1 }), true)).toBe(
    '1 voter, majority 1: survives 0 failures. One voter more would add none: an even number needs a larger majority (2 of 2).',
  )
})
