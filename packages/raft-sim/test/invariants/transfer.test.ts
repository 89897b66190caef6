import type { Message } from 'raft-core'
import { describe, test } from 'vitest'
import { transfer } from '../../src/invariants/transfer.ts'
import { expectViolation, of } from './violations.ts'

describe('transfer', () => {
  const asked = (index: number): Message => ({ type: 'timeoutNow', from: 'n1', to: 'n2', term: 2, lastEntry: { term: 2, index } })
  test('a target that lacks the log', () => {
    of(transfer).committed('n1', 2, 3).sends(asked(3))
    expectViolation(transfer, h => h.committed('n1', 2, 3).sends(asked(4)), /does not hold entry 4/)
  })
})
