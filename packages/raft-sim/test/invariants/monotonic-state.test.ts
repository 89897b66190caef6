import { describe, test } from 'vitest'
import { monotonicState } from '../../src/invariants/monotonic-state.ts'
import { command, type History } from './history.ts'
import { expectViolation } from './violations.ts'

describe('monotonic state', () => {
  test('a term that falls', () => {
    expectViolation(monotonicState, h => h.becomes('n1', { term: 3 }).becomes('n1', { term: 2 }), /went back from term 3/)
  })
  test('a commit index that falls', () => {
    expectViolation(monotonicState, h => h.committed('n1', 2, 3).becomes('n1', { commit: 2 }), /took its commit index back/)
  })
  test('a vote that changes within its term', () => {
    const told = (h: History) =>
      h
        .becomes('n1', { term: 2 })
        .takes('n1', { hardState: { term: 2, vote: 'n2', commit: 1 } })
        .takes('n1', { hardState: { term: 2, vote: 'n3', commit: 1 } })
    expectViolation(monotonicState, told, /changes its vote in term 2/)
  })
  test('a committed entry that is replaced', () => {
    const told = (h: History) =>
      h
        .committed('n1', 2, 3)
        .takes('n1', { hardState: { term: 2, vote: undefined, commit: 3 } })
        .appends('n1', command(3, 3))
    expectViolation(monotonicState, told, /replaces entry 3/)
  })
  test('a commit index that is never saved', () => {
    const told = (h: History) => h.committed('n1', 2, 3).takes('n1', { hardState: { term: 2, vote: undefined, commit: 2 } })
    expectViolation(monotonicState, told, /its last Readys saved 2, 2/)
  })
  test.each([
    ['an older term', { term: 1 }, /starts in term 1/],
    ['without its vote', { vote: undefined }, /forgot that it voted for n2/],
    ['without its commit index', { commit: 1 }, /starts with commit index 1 of 3/],
    ['without its last entry', { last: { index: 2, term: 2 } }, /its disk has more/],
  ])('a restart in or with %s', (_what, forgotten, message) => {
    const told = (h: History) => {
      h.committed('n1', 2, 3).savesBallot('n1', 2, 'n2').disk('n1').commit = 3
      h.observer.restarted(h.node('n1'), h.status('n1', forgotten), { index: 1, term: 1, chain: 1 })
    }
    expectViolation(monotonicState, told, message)
  })
})
