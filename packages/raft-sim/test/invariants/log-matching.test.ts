import type { Message } from 'raft-core'
import { describe, test } from 'vitest'
import { logMatching } from '../../src/invariants/log-matching.ts'
import { command, type History } from './history.ts'
import { expectViolation } from './violations.ts'

describe('log matching', () => {
  test('the same index and term with other data', () => {
    expectViolation(logMatching, h => h.appends('n1', command(2, 2)).appends('n2', command(2, 2, 99)), /another log/)
  })
  test('the same entry after another history', () => {
    const told = (h: History) => h.appends('n1', command(2, 2), command(3, 3)).appends('n2', command(2, 1), command(3, 3))
    expectViolation(logMatching, told, /n2 has another log than others up to its entry 3/)
  })
  test('a gap', () => {
    expectViolation(logMatching, h => h.appends('n1', command(3, 2)), /gap/)
  })
  test('a message with entries that the log does not hold', () => {
    const message: Message = {
      type: 'appendEntries',
      from: 'n1',
      to: 'n2',
      term: 2,
      session: 0,
      after: { index: 1, term: 1 },
      entries: [command(2, 2, 99)],
      commit: 1,
    }
    expectViolation(logMatching, h => h.leads('n1', 2).appends('n1', command(2, 2)).sends(message), /sends to n2 an entry 2@2/)
  })
})
