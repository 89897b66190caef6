import type { Message } from 'raft-core'
import { describe, test } from 'vitest'
import { checkQuorum } from '../../src/invariants/check-quorum.ts'
import type { History } from './history.ts'
import { expectViolation, of } from './violations.ts'

describe('check quorum', () => {
  const answer = (from: string): Message => ({ type: 'heartbeatReply', from, to: 'n1', term: 2, readToken: 0 })
  const leader = { role: 'leader', leader: 'n1' } as const
  test('a leader that hears nobody', () => {
    of(checkQuorum).leads('n1', 2).ticks('n1', 30)
    expectViolation(checkQuorum, h => h.leads('n1', 2).ticks('n1', 31), /not heard from a quorum/)
  })
  test('a leader that hears one of two others', () => {
    const told = (h: History) => h.leads('n1', 2).ticks('n1', 29).hears(answer('n2'), leader).ticks('n1', 30)
    told(of(checkQuorum))
    expectViolation(checkQuorum, h => told(h).ticks('n1', 1), /not heard from a quorum/)
  })
  test('a transfer gives it time', () => {
    const h = of(checkQuorum).leads('n1', 2).ticks('n1', 29)
    h.observer.transferAsked(h.node('n1'))
    h.ticks('n1', 30)
  })
})
