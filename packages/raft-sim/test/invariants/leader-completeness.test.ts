import { describe, test } from 'vitest'
import { leaderCompleteness } from '../../src/invariants/leader-completeness.ts'
import { command, type History } from './history.ts'
import { expectViolation } from './violations.ts'

describe('leader completeness', () => {
  test('a leader without a committed entry', () => {
    expectViolation(leaderCompleteness, h => h.committed('n1', 2, 3).appends('n3', command(3, 1)).leads('n3', 3), /without entry 3/)
  })
  test('an old leader commits what a later one does not have', () => {
    const told = (h: History) => h.leads('n1', 2).appends('n1', command(2, 2)).leads('n3', 3).becomes('n1', { commit: 2 })
    expectViolation(leaderCompleteness, told, /n3 leads term 3 without it/)
  })
})
