import { describe, expect, test } from 'vitest'
import type { Message } from '../src/index.ts'
import { Lab, voters } from './paper/lab.ts'

const change = { transition: 'auto', changes: [{ type: 'remove', id: 'n3' }], context: undefined } as const

describe('a Ready', () => {
  test('holds what was committed together with the entries that it commits: one batch', () => {
    const lab = new Lab()
    const entries = [2, 3].map(index => ({ term: 2, index, type: 'empty' }) as const)
    lab.raft.step({ type: 'appendEntries', from: 'n2', to: 'n1', term: 2, session: 1, after: { term: 1, index: 1 }, entries, commit: 3 })
    expect(lab.raft.ready()).toMatchObject({ hardState: { term: 2, commit: 3 }, entries, apply: entries, mustSync: true })
  })

  test('needs no flush of its own when nothing but the commit index is new', () => {
    const lab = new Lab().lead()
    const reply: Message = {
      type: 'appendReply',
      from: 'n2',
      to: 'n1',
      term: 2,
      session: 2,
      accepted: true,
      index: 2,
      hint: { term: 0, index: 0 },
    }
    lab.raft.step(reply)
    expect(lab.raft.ready()).toMatchObject({ hardState: { commit: 2 }, mustSync: false, entries: [] })
  })

  test('tells of a role or a leader only when it is news', () => {
    const lab = new Lab()
    lab.raft.step({ type: 'heartbeat', from: 'n2', to: 'n1', term: 2, commit: 1, readToken: 0 })
    const first = lab.raft.ready()
    expect(first.softState).toEqual({ role: 'follower', leader: 'n2' })
    lab.raft.advance(first)
    lab.raft.step({ type: 'heartbeat', from: 'n2', to: 'n1', term: 2, commit: 1, readToken: 0 })
    expect(lab.raft.ready().softState).toBeUndefined()
  })

  test('is made only when there is something to do', () => {
    const lab = new Lab()
    expect(lab.raft.hasReady()).toBe(false)
    lab.tick(3)
    expect(lab.raft.hasReady()).toBe(false)
  })

  test('carries whatever the core keeps of the same calls, byte for byte', () => {
    const run = () => {
      const lab = new Lab({ random: () => 0.3 })
      const all = [
        ...lab.tick(15),
        ...lab.hear('voteReply', { granted: true }),
        ...lab.propose('a'),
        ...lab.acknowledge('n2'),
        ...lab.tick(30),
      ]
      return JSON.stringify([all, lab.applied, lab.raft.status()])
    }
    expect(run()).toBe(run())
  })
})

describe('a restart', () => {
  const entries = [{ term: 2, index: 2, type: 'membership', change } as const]

  test('applies the changes that are committed, and campaigns only after that', () => {
    const lab = new Lab({ term: 2, entries, commit: 2 })
    lab.raft.campaign()
    expect(lab.raft.role).toBe('follower')
    lab.work()
    expect(lab.raft.status().membership.voters).toEqual(['n1', 'n2'])
    lab.raft.campaign()
    expect(lab.raft.role).toBe('candidate')
  })

  test('has those in effect that the state machine had applied', () => {
    const lab = new Lab({ term: 2, entries, commit: 2, applied: 2 })
    expect(lab.raft.status()).toMatchObject({ applied: 2, membership: voters('n1', 'n2'), membershipIndex: 2 })
    expect(lab.raft.hasReady()).toBe(false)
  })

  test('leaves those alone that are not committed', () => {
    const lab = new Lab({ term: 2, entries, commit: 1 })
    lab.work()
    expect(lab.raft.status().membership.voters).toEqual(['n1', 'n2', 'n3'])
  })
})
