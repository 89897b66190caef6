import { expect, test } from 'vitest'
import { allInvariants } from '../../src/invariants/index.ts'
import { command } from './history.ts'
import { accept, grant, of } from './violations.ts'

test('there is one file for each property, and each says where it comes from', () => {
  // Reads have two: confirmed by a quorum, or by a lease.
  const numbered = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 11].map(n => `3.${n}`)
  expect(allInvariants.map(({ section }) => section)).toEqual([...numbered, '2', '2', '3.13', '3.14'])
})

test('a sound history breaks nothing', () => {
  for (const invariant of allInvariants) {
    of(invariant)
      .committed('n1', 2, 4)
      .becomes('n2', { commit: 4 })
      .applies('n1', command(2, 2))
      .applies('n2', command(2, 2))
      .sends(accept('n2', 'n1', 2, 4))
      .sends(grant('n2', 'n1', 1))
      .leads('n3', 3)
      .appends('n3', command(5, 3))
  }
})
