import type { Message } from 'raft-core'
import { describe, test } from 'vitest'
import { oneVote } from '../../src/invariants/one-vote.ts'
import { expectViolation, grant, nowhere } from './violations.ts'

describe('one vote', () => {
  test('two grants in one term', () => {
    expectViolation(oneVote, h => h.sends(grant('n3', 'n1', 2)).sends(grant('n3', 'n2', 2)), /n3 votes for n2 in term 2/)
  })
  test('a candidate that votes for another', () => {
    const request: Message = { type: 'requestVote', from: 'n1', to: 'n2', term: 2, lastEntry: nowhere, transfer: false }
    expectViolation(oneVote, h => h.sends(request).sends(grant('n1', 'n2', 2)), /voted for n1/)
  })
})
