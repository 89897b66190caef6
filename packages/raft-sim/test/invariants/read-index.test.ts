import type { Message } from 'raft-core'
import { describe, test } from 'vitest'
import { readIndex } from '../../src/invariants/read-index.ts'
import type { History } from './history.ts'
import { expectViolation, of } from './violations.ts'

describe('read index', () => {
  const heartbeat = (to: string): Message => ({ type: 'heartbeat', from: 'n1', to, term: 2, commit: 1, readToken: 1 })
  const answer = (from: string): Message => ({ type: 'heartbeatReply', from, to: 'n1', term: 2, readToken: 1 })
  const asked = (h: History) => {
    h.committed('n1', 2, 3)
    h.ghost.step = 10
    h.observer.readAsked(h.node('n1'), 'r1')
    return h
  }
  test('confirmed by a quorum, it is served', () => {
    const h = asked(of(readIndex)).sends(heartbeat('n2')).hears(answer('n2'))
    h.observer.readReleased(h.node('n1'), 'r1', 3)
    h.node('n1').applied = 3
    h.observer.readServed(h.node('n1'), 'r1')
  })
  test('an index older than the read', () => {
    expectViolation(readIndex, h => asked(h).observer.readReleased(h.node('n1'), 'r1', 2), /3 was committed when it was asked/)
  })
  test('without asking anybody', () => {
    expectViolation(readIndex, h => asked(h).observer.readReleased(h.node('n1'), 'r1', 3), /without a quorum/)
  })
  test('confirmed by a round that began before', () => {
    const told = (h: History) => {
      h.committed('n1', 2, 3).sends(heartbeat('n2'))
      h.ghost.step = 10
      h.observer.readAsked(h.node('n1'), 'r1')
      h.hears(answer('n2')).observer.readReleased(h.node('n1'), 'r1', 3)
    }
    expectViolation(readIndex, told, /without a quorum/)
  })
  test('before the leader has committed in its term', () => {
    const told = (h: History) => {
      h.leads('n1', 2).observer.readAsked(h.node('n1'), 'r1')
      h.observer.readReleased(h.node('n1'), 'r1', 1)
    }
    expectViolation(readIndex, told, /committed nothing/)
  })
  test('served before it is applied', () => {
    expectViolation(readIndex, h => asked(h).observer.readServed(h.node('n1'), 'r1'), /serves a read at 1/)
  })
})
