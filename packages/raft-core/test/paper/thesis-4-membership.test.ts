import { describe, expect, test } from 'vitest'
import type { MemberChange, MembershipChange } from '../../src/index.ts'
import { Lab, only, voters } from './lab.ts'

const one = (change: MemberChange): MembershipChange => ({ transition: 'auto', changes: [change], context: undefined })
const led = (options = {}): Lab => {
  const lab = new Lab(options).lead()
  lab.acknowledge('n2')
  return lab
}

describe('thesis §4.1 one server at a time', () => {
  test('the next change waits until the one before is applied', () => {
    const lab = led()
    expect(lab.raft.proposeMembership(one({ type: 'voter', id: 'n4' }))).toMatchObject({ accepted: true, index: 3 })
    expect(lab.raft.proposeMembership(one({ type: 'voter', id: 'n5' }))).toMatchObject({ accepted: false, reason: 'change-pending' })
    lab.work()
    lab.acknowledge('n2')
    expect(lab.raft.proposeMembership(one({ type: 'voter', id: 'n5' }))).toMatchObject({ accepted: true, index: 4 })
  })

  test('a new leader takes none before its log, as it stood at the election, is applied', () => {
    const lab = new Lab({ term: 2, entries: [{ term: 2, index: 2, type: 'empty' }] }).lead()
    expect(lab.raft.proposeMembership(one({ type: 'voter', id: 'n4' }))).toMatchObject({ reason: 'change-pending' })
    lab.acknowledge('n2')
    expect(lab.raft.proposeMembership(one({ type: 'voter', id: 'n4' }))).toMatchObject({ accepted: true })
  })

  test('a condition holds for the membership that it was made for', () => {
    const lab = led()
    expect(lab.raft.proposeMembership(one({ type: 'remove', id: 'n3' }), 7)).toMatchObject({ reason: 'stale-membership' })
    expect(lab.raft.proposeMembership(one({ type: 'remove', id: 'n3' }), lab.raft.status().membershipIndex)).toMatchObject({
      accepted: true,
    })
  })

  test('what is refused leaves nothing behind', () => {
    const lab = led({ maxUncommittedBytes: 10 })
    expect(lab.raft.propose(new Uint8Array(10))).toMatchObject({ accepted: true })
    expect(lab.raft.proposeMembership(one({ type: 'voter', id: 'n4' }))).toMatchObject({ reason: 'too-many-uncommitted' })
    lab.work()
    lab.acknowledge('n2')
    expect(lab.raft.proposeMembership(one({ type: 'voter', id: 'n4' }))).toMatchObject({ accepted: true })
  })
})

describe('thesis §4.2.1 catching up new servers', () => {
  const withLearner = { ...voters('n1', 'n2', 'n3'), learners: ['n4'], promoting: ['n4'] }

  test('a learner gets the log, and counts towards nothing', () => {
    const lab = new Lab({ membership: { ...withLearner, promoting: [] } }).lead()
    lab.hear('appendReply', { from: 'n4', session: 4, index: 2 })
    expect(lab.raft.commit).toBe(1)
    expect(lab.raft.status().progress.find(({ id }) => id === 'n4')).toMatchObject({ learner: true, match: 2 })
  })

  test('once it has caught up with what was committed at the last heartbeat, the leader makes it a voter by itself', () => {
    const lab = led({ membership: withLearner })
    lab.hear('appendReply', { from: 'n4', session: 4, index: 1 })
    expect(lab.last).toBe(3)
    expect(lab.raft.entries(3, 3)).toMatchObject([{ type: 'membership', change: one({ type: 'voter', id: 'n4' }) }])
  })

  test('one that is behind, or silent, stays a learner', () => {
    const lab = led({ membership: withLearner })
    lab.tick(2)
    expect(lab.last).toBe(2)
    lab.hear('appendReply', { from: 'n4', session: 4, index: 1 })
    expect(lab.last).toBe(2)
    lab.hear('appendReply', { from: 'n4', session: 4, index: 2 })
    expect(lab.last).toBe(3)
  })
})

describe('thesis §4.2.2 removing the current leader', () => {
  test('it leads until its removal is applied, then steps down', () => {
    const lab = led()
    lab.raft.proposeMembership(one({ type: 'remove', id: 'n1' }))
    lab.work()
    expect(lab.raft.role).toBe('leader')
    const sent = lab.acknowledge('n2')
    expect(only(sent, 'appendEntries').some(({ commit }) => commit === 3)).toBe(true)
    expect(lab.raft.status()).toMatchObject({ role: 'follower', leader: undefined })
    expect(lab.tick(50)).toEqual([])
  })

  test('so does one that is made a learner', () => {
    const lab = led()
    lab.raft.proposeMembership(one({ type: 'learner', id: 'n1' }))
    lab.work()
    lab.acknowledge('n2')
    expect(lab.raft.role).toBe('follower')
  })

  test('unless it is told to stay: then it leads the others, and takes no proposals', () => {
    const lab = led({ stepDownOnRemoval: false })
    lab.raft.proposeMembership(one({ type: 'remove', id: 'n1' }))
    lab.work()
    lab.acknowledge('n2')
    expect(lab.raft.role).toBe('leader')
    expect(lab.raft.propose(new Uint8Array())).toMatchObject({ accepted: false, reason: 'not-a-member' })
  })
})

describe('thesis §4.2.3 disruptive servers', () => {
  test('who hears from a leader does not vote, nor raise its term, before an election timeout is over', () => {
    const lab = new Lab({ checkQuorum: true })
    lab.hear('heartbeat', { term: 2 })
    lab.tick(9)
    expect(lab.hear('requestVote', { from: 'n3', term: 9 })).toEqual([])
    expect(lab.raft.term).toBe(2)
    lab.raft.forgetLeader()
    expect(lab.hear('requestVote', { from: 'n3', term: 9 })).toMatchObject([{ granted: true }])
  })

  test('a leader that hears from a majority does not either', () => {
    const lab = led({ checkQuorum: true })
    expect(lab.hear('requestVote', { from: 'n3', term: 9 })).toEqual([])
    expect(lab.raft.role).toBe('leader')
  })

  test('a leader without a majority within an election timeout steps down', () => {
    const lab = led({ checkQuorum: true })
    lab.tick(10)
    expect(lab.raft.role).toBe('leader')
    lab.tick(10)
    expect(lab.raft.role).toBe('follower')
  })
})

describe('thesis §4.3 arbitrary changes', () => {
  const swap = (transition: MembershipChange['transition']): MembershipChange => ({
    transition,
    changes: [
      { type: 'voter', id: 'n4' },
      { type: 'remove', id: 'n3' },
    ],
    context: undefined,
  })

  test.for(['auto', 'implicit'] as const)('%s: the leader leaves the joint membership as soon as it is applied, once', transition => {
    const lab = led()
    lab.raft.proposeMembership(swap(transition))
    lab.work()
    lab.acknowledge('n2')
    expect(lab.raft.entries(4, 9)).toMatchObject([{ type: 'membership', change: { transition: 'auto', changes: [] } }])
    lab.tick(5)
    expect(lab.last).toBe(4)
  })

  test('explicit: it waits until it is told to', () => {
    const lab = led()
    lab.raft.proposeMembership(swap('explicit'))
    lab.work()
    lab.acknowledge('n2')
    lab.tick(5)
    expect(lab.last).toBe(3)
    expect(lab.raft.status().membership.outgoing).toEqual(['n1', 'n2', 'n3'])
  })

  test('a single change can be made through a joint membership, too', () => {
    const lab = led()
    lab.raft.proposeMembership({ ...one({ type: 'voter', id: 'n4' }), transition: 'explicit' })
    lab.work()
    lab.acknowledge('n2')
    expect(lab.raft.status().membership).toMatchObject({ voters: ['n1', 'n2', 'n3', 'n4'], outgoing: ['n1', 'n2', 'n3'] })
  })
})
