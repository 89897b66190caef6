import type { Message } from 'raft-core'
import { describe, test } from 'vitest'
import { persistBeforeSend } from '../../src/invariants/persist-before-send.ts'
import { command, type History } from './history.ts'
import { accept, expectViolation, grant, nowhere } from './violations.ts'

describe('persist before send', () => {
  test('a message of a term that is not on disk', () => {
    expectViolation(
      persistBeforeSend,
      h => h.sends({ type: 'heartbeatReply', from: 'n2', to: 'n1', term: 2, readToken: 0 }),
      /disk knows only term 1/,
    )
  })
  test('a grant that is not on disk', () => {
    expectViolation(persistBeforeSend, h => h.savesBallot('n2', 2).sends(grant('n2', 'n1', 2)), /grants its vote in term 2 to n1/)
  })
  test('a candidate whose own vote is not on disk', () => {
    const request: Message = { type: 'requestVote', from: 'n2', to: 'n1', term: 2, lastEntry: nowhere, transfer: false }
    expectViolation(persistBeforeSend, h => h.savesBallot('n2', 2).sends(request), /asks for votes/)
  })
  test('an acknowledgement of entries that are not on disk', () => {
    const told = (h: History) =>
      h
        .committed('n1', 2, 3)
        .appends('n2', command(4, 2))
        .sends(accept('n2', 'n1', 2, 4))
    expectViolation(persistBeforeSend, told, /acknowledges 4 to n1; its disk has 3/)
  })
  test('an acknowledgement of other entries than the leader has', () => {
    const told = (h: History) =>
      h
        .leads('n1', 2)
        .appends('n1', command(2, 2))
        .appends('n2', command(2, 1))
        .saves('n2')
        .savesBallot('n2', 2)
        .sends(accept('n2', 'n1', 2, 2))
    expectViolation(persistBeforeSend, told, /other entries than that leader/)
  })
  test('a log compacted past the snapshot on disk', () => {
    expectViolation(persistBeforeSend, h => h.committed('n1', 2, 3).observer.compacted(h.node('n1'), 3), /snapshot on disk is at 1/)
  })
  test('an entry applied before it is on disk', () => {
    expectViolation(
      persistBeforeSend,
      h => h.committed('n1', 2, 3).appends('n2', command(4, 2)).applies('n2', command(4, 2)),
      /before it is on disk/,
    )
  })
  test('an entry applied while the disk holds what it replaces', () => {
    const told = (h: History) =>
      h
        .committed('n1', 2, 3)
        .appends('n2', command(4, 2))
        .saves('n2')
        .appends('n2', command(4, 3))
        .applies('n2', command(2, 2))
        .applies('n2', command(3, 2))
        .applies('n2', command(4, 3))
    expectViolation(persistBeforeSend, told, /applies entry 4 before it is on disk/)
  })
})
