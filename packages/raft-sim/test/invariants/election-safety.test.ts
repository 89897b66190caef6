import { describe, test } from 'vitest'
import { electionSafety } from '../../src/invariants/election-safety.ts'
import { membershipOf } from './history.ts'
import { expectViolation, of } from './violations.ts'

describe('election safety', () => {
  test('two leaders of one term, one after the other', () => {
    expectViolation(electionSafety, h => h.leads('n1', 2).becomes('n1', { role: 'follower', term: 3 }).leads('n2', 2), /n1 had led already/)
  })
  test('a leader that half of the voters have elected', () => {
    const four = membershipOf(['n1', 'n2', 'n3', 'n4'])
    expectViolation(electionSafety, h => h.leads('n1', 2, ['n1', 'n2']), /no majority has elected it/, four)
    of(electionSafety, four).leads('n1', 2, ['n1', 'n2', 'n3'])
  })
  test('a leader that the old voters of a joint membership have not elected', () => {
    const joint = membershipOf(['n1', 'n2'], { outgoing: ['n3'] })
    expectViolation(electionSafety, h => h.leads('n1', 2, ['n1', 'n2']), /no majority has elected it/, joint)
  })
})
