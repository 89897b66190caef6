import { describe, expect, test } from 'vitest'
import { command, Lab, only, voters } from './lab.ts'

const options = { preVote: true }

describe('thesis §9.6 pre-vote', () => {
  test('a node asks before it raises its term: nothing is promised, nothing is saved', () => {
    const lab = new Lab(options)
    lab.raft.campaign()
    const ready = lab.raft.ready()
    expect(only(ready.send, 'preVote').map(({ to, term }) => [to, term])).toEqual([
      ['n2', 2],
      ['n3', 2],
    ])
    expect(ready).toMatchObject({ hardState: undefined, mustSync: false })
    expect(lab.raft.status()).toMatchObject({ role: 'preCandidate', term: 1, vote: undefined, leader: undefined })
  })

  test('with a majority it campaigns in earnest', () => {
    const lab = new Lab(options)
    lab.raft.campaign()
    lab.work()
    expect(only(lab.hear('preVoteReply', { term: 2, granted: true }), 'requestVote')).toHaveLength(2)
    expect(lab.raft.status()).toMatchObject({ role: 'candidate', term: 2, vote: 'n1' })
  })

  test('without one it is a follower again, in its old term', () => {
    const lab = new Lab(options)
    lab.raft.campaign()
    lab.work()
    for (const from of ['n2', 'n3']) lab.hear('preVoteReply', { from, granted: false })
    expect(lab.raft.status()).toMatchObject({ role: 'follower', term: 1 })
  })

  test('an answer names the term asked about when it is yes, and the own term when it is no', () => {
    const lab = new Lab({ ...options, term: 4, entries: [command(4, 2)] })
    expect(lab.hear('preVote', { term: 9, lastEntry: { term: 4, index: 2 } })).toMatchObject([{ granted: true, term: 9 }])
    expect(lab.hear('preVote', { term: 9 })).toMatchObject([{ granted: false, term: 4 }])
    expect(lab.hear('preVote', { term: 3 })).toMatchObject([{ granted: false, term: 4 }])
    expect(lab.raft.status()).toMatchObject({ term: 4, vote: undefined })
  })

  test('a refusal in a later term is news of that term', () => {
    const lab = new Lab(options)
    lab.raft.campaign()
    lab.work()
    lab.hear('preVoteReply', { term: 5, granted: false })
    expect(lab.raft.status()).toMatchObject({ role: 'follower', term: 5 })
  })

  test('who hears from a leader does not answer, so that a node that was cut off disturbs nobody', () => {
    const lab = new Lab({ ...options, checkQuorum: true })
    lab.hear('heartbeat', { term: 2 })
    expect(lab.hear('preVote', { from: 'n3', term: 9 })).toEqual([])
    expect(lab.raft.term).toBe(2)
  })

  test('in its own term, a vote that is given is not given again', () => {
    const lab = new Lab({ ...options, term: 3, vote: 'n3' })
    expect(lab.hear('preVote', { from: 'n2', term: 3, lastEntry: { term: 2, index: 9 } })).toMatchObject([{ granted: false }])
    expect(lab.hear('preVote', { from: 'n3', term: 3, lastEntry: { term: 2, index: 9 } })).toMatchObject([{ granted: true }])
  })

  test('who resigns in the middle does not go on', () => {
    const lab = new Lab(options)
    lab.raft.campaign()
    lab.work()
    lab.raft.resign('its disk hangs')
    lab.hear('preVoteReply', { term: 2, granted: true })
    expect(lab.raft.role).toBe('follower')
    lab.raft.campaign()
    expect(lab.raft.role).toBe('follower')
    lab.raft.recovered()
    lab.raft.campaign()
    expect(lab.raft.role).toBe('preCandidate')
  })

  test('alone it needs nobody to ask', () => {
    const lab = new Lab({ ...options, membership: voters('n1') })
    lab.raft.campaign()
    lab.work()
    expect(lab.raft.status()).toMatchObject({ role: 'leader', term: 2 })
  })
})
