import { describe, expect, test } from 'vitest'
import { bytes, command, Lab, only, voters } from './lab.ts'

const ready = (options = {}): Lab => {
  const lab = new Lab(options).lead()
  lab.acknowledge('n2')
  return lab
}

describe('thesis §3.10 leadership transfer', () => {
  test('the leader takes no proposals while it goes on', () => {
    const lab = ready()
    lab.raft.transferLeadership('n2')
    expect(lab.raft.propose(bytes('x'))).toEqual({ accepted: false, reason: 'transferring', leader: 'n1' })
    expect(lab.raft.status().transferTarget).toBe('n2')
  })

  test('a target that has the whole log is told to campaign at once', () => {
    const lab = ready()
    expect(lab.raft.transferLeadership('n2')).toEqual({ accepted: true })
    expect(lab.work()).toMatchObject([{ type: 'timeoutNow', to: 'n2', lastEntry: { term: 2, index: 2 } }])
  })

  test('one that lacks entries gets them first', () => {
    const lab = ready()
    lab.propose()
    lab.raft.transferLeadership('n2')
    expect(only(lab.work(), 'timeoutNow')).toEqual([])
    expect(only(lab.acknowledge('n2'), 'timeoutNow')).toHaveLength(1)
  })

  test('whoever is told campaigns without pre-vote, and says that the leader wants it', () => {
    const lab = new Lab({ preVote: true, checkQuorum: true })
    lab.hear('heartbeat', { term: 2 })
    expect(lab.hear('timeoutNow', {})).toMatchObject([
      { type: 'requestVote', term: 3, transfer: true },
      { type: 'requestVote', term: 3, transfer: true },
    ])
  })

  test('its request is answered although the leader was just heard from', () => {
    const lab = new Lab({ checkQuorum: true })
    lab.hear('heartbeat', { term: 2 })
    expect(lab.hear('requestVote', { from: 'n3', term: 3 })).toEqual([])
    expect(lab.hear('requestVote', { from: 'n3', term: 3, transfer: true })).toMatchObject([{ granted: true }])
  })

  test('a target looks at its log first: it campaigns only with all that the leader had', () => {
    const told = { term: 2, lastEntry: { term: 2, index: 3 } }
    const behind = new Lab({ term: 2, entries: [command(2, 2)] })
    expect(behind.hear('timeoutNow', told)).toEqual([])
    const upToDate = new Lab({ term: 2, entries: [command(2, 2), command(2, 3)] })
    expect(only(upToDate.hear('timeoutNow', told), 'requestVote')).toHaveLength(2)
    const trusting = new Lab({ term: 2, transferChecksLog: false })
    expect(only(trusting.hear('timeoutNow', told), 'requestVote')).toHaveLength(2)
  })

  test('it is given up after an election timeout, and the leader goes on', () => {
    const lab = ready()
    lab.raft.transferLeadership('n2')
    lab.tick(9)
    expect(lab.raft.status().transferTarget).toBe('n2')
    lab.tick()
    expect(lab.raft.status().transferTarget).toBeUndefined()
    expect(lab.raft.propose(bytes('x'))).toMatchObject({ accepted: true })
  })

  test.for([
    ['n1', { accepted: true }],
    ['n9', { accepted: false, reason: 'the target is not a member' }],
    ['n4', { accepted: false, reason: 'the target is a learner' }],
  ] as const)('to %s: %j', ([target, result]) => {
    const lab = ready({ membership: { ...voters('n1', 'n2', 'n3'), learners: ['n4'] } })
    expect(lab.raft.transferLeadership(target)).toEqual(result)
    expect(only(lab.work(), 'timeoutNow')).toEqual([])
  })

  test('a new target takes the place of the old one; the same again changes nothing; the leader itself ends it', () => {
    const lab = ready()
    lab.raft.transferLeadership('n2')
    lab.raft.transferLeadership('n2')
    expect(only(lab.work(), 'timeoutNow')).toHaveLength(1)
    lab.raft.transferLeadership('n3')
    expect(lab.raft.status().transferTarget).toBe('n3')
    lab.raft.transferLeadership('n1')
    expect(lab.raft.status().transferTarget).toBeUndefined()
  })

  test('a follower passes the wish on to its leader; who knows none cannot', () => {
    const lab = new Lab()
    expect(lab.raft.transferLeadership('n3')).toEqual({ accepted: false, reason: 'no-leader' })
    lab.hear('heartbeat', { term: 2 })
    expect(lab.raft.transferLeadership('n3')).toEqual({ accepted: true })
    expect(lab.work()).toMatchObject([{ type: 'transferLeader', to: 'n2', target: 'n3' }])
    expect(lab.hear('transferLeader', { from: 'n3', target: 'n1' })).toMatchObject([
      { type: 'transferLeader', from: 'n1', to: 'n2', target: 'n1' },
    ])
    lab.raft.campaign()
    expect(lab.raft.transferLeadership('n3')).toEqual({ accepted: false, reason: 'no-leader' })
  })

  test('it ends when the target is no voter any more', () => {
    const lab = ready()
    lab.raft.proposeMembership({ transition: 'auto', changes: [{ type: 'remove', id: 'n3' }], context: undefined })
    lab.work()
    lab.raft.transferLeadership('n3')
    lab.acknowledge('n2')
    expect(lab.raft.status()).toMatchObject({ transferTarget: undefined, membership: { voters: ['n1', 'n2'] } })
  })
})
