import type { Message } from 'raft-core'
import { describe, test } from 'vitest'
import { configSafety } from '../../src/invariants/config-safety.ts'
import { change, command, type History, membershipOf } from './history.ts'
import { expectViolation, nowhere } from './violations.ts'

describe('config safety', () => {
  test('a change while an earlier one is not applied', () => {
    const told = (h: History) => h.leads('n1', 2).appends('n1', change(2, 2)).appends('n1', change(3, 2))
    expectViolation(configSafety, told, /the one at 2 is not applied/)
  })
  test('a change before the log of the election is applied', () => {
    expectViolation(
      configSafety,
      h => h.appends('n1', command(2, 1)).leads('n1', 2).appends('n1', change(3, 2)),
      /log at the election went to 2/,
    )
  })
  test('two voters at once', () => {
    expectViolation(configSafety, h => h.reconfigures('n1', 2, membershipOf(['n1', 'n2', 'n3', 'n4', 'n5'])), /leaps/)
  })
  test('a joint membership that forgets the old voters', () => {
    expectViolation(configSafety, h => h.reconfigures('n1', 2, membershipOf(['n4'], { outgoing: ['n1', 'n2'] })), /leaps/)
  })
  test('two nodes apply one change in two ways', () => {
    const told = (h: History) => h.reconfigures('n1', 2, membershipOf(['n1', 'n2'])).reconfigures('n2', 2, membershipOf(['n1', 'n3']))
    expectViolation(configSafety, told, /others/)
  })
  test('a learner that campaigns', () => {
    const membership = membershipOf(['n1', 'n2'], { learners: ['n3'] })
    expectViolation(configSafety, h => h.becomes('n3', { role: 'candidate', term: 2 }), /not a voter/, membership)
  })
  test('a candidate with an unapplied change', () => {
    const told = (h: History) => h.appends('n1', change(2, 1)).becomes('n1', { role: 'preCandidate', commit: 2, applied: 1 })
    expectViolation(configSafety, told, /change 2 unapplied/)
  })
  test('a stranger that raises the term under a living leader', () => {
    const request: Message = { type: 'requestVote', from: 'n4', to: 'n2', term: 5, lastEntry: nowhere, transfer: false }
    const told = (h: History) => h.becomes('n2', { leader: 'n1' }).hears(request, { term: 5 })
    expectViolation(configSafety, told, /heard from a leader just before/)
  })
  test('a pre-vote that raises the term', () => {
    const request: Message = { type: 'preVote', from: 'n3', to: 'n2', term: 5, lastEntry: nowhere }
    expectViolation(configSafety, h => h.hears(request, { term: 5 }), /pre-vote of n3 raised the term/)
  })
})
