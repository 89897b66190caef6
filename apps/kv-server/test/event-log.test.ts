import pino from 'pino'
import type { NodeEvent } from 'raft-node'
import { describe, expect, it } from 'vitest'
import { PeerConnections } from '../src/connections.ts'
import { EventLog } from '../src/event-log.ts'

function observed(events: readonly NodeEvent[]): string[] {
  const lines: string[] = []
  const log = pino({ base: null, timestamp: false }, { write: line => void lines.push(line) })
  const eventLog = new EventLog(log, new PeerConnections())
  for (const event of events) eventLog.observe(event)
  return lines.map(line => JSON.parse(line)).map(({ level, msg }) => `${level} ${msg}`)
}

const members = (voters: string[], learners: string[] = [], outgoing: string[] = []): NodeEvent => ({
  type: 'membership',
  membership: { voters, learners, outgoing, learnersNext: [], autoLeave: false, promoting: [] },
  index: 7,
})

describe('EventLog', () => {
  it('tells roles in words', () => {
    const lines = observed([
      { type: 'role', role: 'preCandidate', term: 1, leader: undefined },
      { type: 'role', role: 'candidate', term: 2, leader: undefined },
      { type: 'role', role: 'leader', term: 2, leader: 'n1' },
      { type: 'role', role: 'follower', term: 3, leader: undefined },
      { type: 'role', role: 'follower', term: 3, leader: 'n2' },
    ])
    expect(lines).toEqual([
      '30 raft: asks whether it would get votes after term 1',
      '30 raft: asks for votes in term 2',
      '30 raft: leads term 2',
      '30 raft: knows no leader in term 3',
      '30 raft: follows n2 in term 3',
    ])
  })

  it('tells what changed among the members', () => {
    expect(observed([members(['n1']), members(['n1'], ['n2']), members(['n1', 'n2']), members(['n2'])])).toEqual([
      '30 members: n1 voter',
      '30 members: n2 added as learner',
      '30 members: n2 is now voter',
      '30 members: n1 removed',
    ])
  })

  it('tells a lost peer once, however often it is dialled', () => {
    const peer = (state: 'connected' | 'lost' | 'refused'): NodeEvent => ({ type: 'peer', id: 'n2', state })
    const lines = observed([peer('connected'), peer('lost'), peer('refused'), peer('refused'), peer('connected')])
    expect(lines).toEqual(['30 peer: n2 connected', '40 peer: n2 connection lost', '30 peer: n2 connected'])
  })

  it('tells in words why somebody was turned away, and once', () => {
    const handshake = (id: string | undefined, reason: 'other-version' | 'other-cluster', direction: 'in' | 'out'): NodeEvent => {
      return { type: 'handshake', id, reason, direction, remote: '127.0.0.1:5' }
    }
    const stranger = handshake(undefined, 'other-version', 'in')
    expect(observed([stranger, stranger, handshake('n2', 'other-cluster', 'out')])).toEqual([
      '40 peer: turned a stranger away: no node, or one of another version',
      '40 peer: was turned away by n2: the two belong to different clusters',
    ])
  })

  it('tells snapshots and faults', () => {
    const lines = observed([
      { type: 'snapshot', index: 10_000, cause: 'taken' },
      { type: 'snapshot', index: 20_000, cause: 'installed' },
      { type: 'fault', code: 'WIPED_MEMBER', message: 'join again' },
    ])
    expect(lines).toEqual([
      '30 snapshot: taken at index 10000',
      '30 snapshot: installed at index 20000',
      '50 fault: WIPED_MEMBER: join again',
    ])
  })
})
