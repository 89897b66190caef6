import { describe, test } from 'vitest'
import { leaderAppendOnly } from '../../src/invariants/leader-append-only.ts'
import { command } from './history.ts'
import { expectViolation } from './violations.ts'

describe('leader append-only', () => {
  test('a leader that replaces an entry', () => {
    expectViolation(
      leaderAppendOnly,
      h =>
        h
          .leads('n1', 2)
          .appends('n1', command(2, 2))
          .appends('n1', command(2, 2, 99)),
      /replaces its own entry 2/,
    )
  })
})
