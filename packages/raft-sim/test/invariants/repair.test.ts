import type { Message } from 'raft-core'
import { describe, test } from 'vitest'
import { repair } from '../../src/invariants/repair.ts'
import type { History } from './history.ts'
import { accept, expectViolation, grant, of } from './violations.ts'

describe('repair', () => {
  const damaged = (h: History) => h.restarts('n2', { repairing: true })

  test('a node that says what is wrong, and does nothing else', () => {
    damaged(of(repair)).sends({ ...accept('n2', 'n1', 2, 2), repairing: true } as Message)
    damaged(of(repair))
      .takes('n2', { repaired: true })
      .sends(accept('n2', 'n1', 2, 2))
  })
  test('a vote', () => {
    expectViolation(repair, h => damaged(h).sends({ ...grant('n2', 'n1', 2), repairing: true } as Message), /grants a vote/)
  })
  test('an answer that does not say so', () => {
    expectViolation(repair, h => damaged(h).sends(accept('n2', 'n1', 2, 2)), /does not say/)
  })
  test('a candidate', () => {
    expectViolation(repair, h => damaged(h).becomes('n2', { role: 'preCandidate' }), /campaigns/)
  })
  test('a commit that rests on its answer', () => {
    const answer = { ...accept('n2', 'n1', 2, 2), repairing: true } as Message
    expectViolation(
      repair,
      h => h.leads('n1', 2).hears(answer, { role: 'leader', term: 2, commit: 2 }),
      /commits 2 because of an answer of n2/,
    )
  })
})
