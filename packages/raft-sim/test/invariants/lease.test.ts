import type { Message } from 'raft-core'
import { describe, test } from 'vitest'
import { lease } from '../../src/invariants/lease.ts'
import type { History } from './history.ts'
import { expectViolation, of } from './violations.ts'

describe('lease', () => {
  const heartbeat: Message = { type: 'heartbeat', from: 'n1', to: 'n2', term: 2, commit: 1, readToken: 1 }
  const answer: Message = { type: 'heartbeatReply', from: 'n2', to: 'n1', term: 2, readToken: 1 }
  const asks = (h: History, at = 'n1') => {
    h.observer.readAsked(h.node(at), 'r1', true)
    return h
  }
  const answers = (h: History) => h.observer.readReleased(h.node('n1'), 'r1', 3, 2)

  test('as long as nobody else was elected, it is answered', () => {
    answers(asks(of(lease).committed('n1', 2, 3)))
  })
  test('somebody elected after it was asked changes nothing: the read may be of that moment', () => {
    answers(asks(of(lease).committed('n1', 2, 3)).leads('n2', 3, ['n2', 'n3']))
  })
  test('a quorum that has heard from the leader since it was asked is worth more than a lease', () => {
    answers(
      asks(of(lease).committed('n1', 2, 3), 'n3')
        .sends(heartbeat)
        .hears(answer),
    )
  })
  test('a quorum that was asked before is not', () => {
    const told = (h: History) => {
      h.committed('n1', 2, 3).sends(heartbeat)
      h.ghost.step = 10
      answers(asks(h, 'n3').hears(answer))
    }
    expectViolation(lease, told, /answers a read by its lease/)
  })
  test('a leader of a later term when it was asked', () => {
    const told = (h: History) => answers(asks(h.committed('n1', 2, 3).leads('n2', 3, ['n2', 'n3'])))
    expectViolation(lease, told, /n1 answers a read by its lease of term 2; when it was asked, term 3 had a leader/)
  })
  test('asked on another node, for which the lease of this one says nothing', () => {
    expectViolation(lease, h => answers(asks(h.committed('n1', 2, 3), 'n3')), /answers a read by its lease/)
  })
})
