import type { Message } from 'raft-core'
import { expect } from 'vitest'
import type { Invariant } from '../../src/invariants/invariant.ts'
import { History, membershipOf } from './history.ts'

export const three = membershipOf(['n1', 'n2', 'n3'])
export const nowhere = { term: 0, index: 0 }

export const grant = (from: string, to: string, term: number): Message => ({
  type: 'voteReply',
  from,
  to,
  term,
  granted: true,
  commit: { term: 0, index: 0 },
})
export const accept = (from: string, to: string, term: number, index: number): Message => ({
  type: 'appendReply',
  from,
  to,
  term,
  session: 0,
  accepted: true,
  index,
  hint: nowhere,
})

export function of(invariant: Invariant, membership = three): History {
  return new History(invariant, membership, ['n4'])
}
/** The last thing told breaks the invariant, and nothing before it. */
export function expectViolation(invariant: Invariant, told: (history: History) => void, message: RegExp, membership = three): void {
  expect(() => told(of(invariant, membership))).toThrow(message)
}
