import { describe, expect, test } from 'vitest'
import type { MessageType } from '../../src/index.ts'
import { Lab, only } from './lab.ts'

const answers: readonly MessageType[] = ['voteReply', 'preVoteReply', 'appendReply', 'heartbeatReply', 'readIndexReply']
const requests: readonly MessageType[] = ['requestVote', 'appendEntries', 'heartbeat', 'timeoutNow', 'transferLeader']

describe('§5.1 terms', () => {
  test.for([...answers, ...requests])('a later term in a %s makes a leader a follower of that term', type => {
    const leader = new Lab().lead()
    leader.hear(type, { term: 5 })
    // An order to campaign is obeyed on top of that.
    expect(leader.raft.status()).toMatchObject(type === 'timeoutNow' ? { term: 6, role: 'candidate' } : { term: 5, role: 'follower' })
  })

  test.for(answers)('a %s of an earlier term counts for nothing', type => {
    const lab = new Lab({ term: 4 }).lead()
    const before = lab.raft.status()
    expect(lab.hear(type, { term: 3, granted: true, index: lab.last } as object)).toEqual([])
    expect(lab.raft.status()).toEqual(before)
  })

  test('a request of an earlier term is not obeyed', () => {
    const lab = new Lab({ term: 4 })
    expect(lab.hear('requestVote', { term: 3 })).toEqual([])
    lab.hear('appendEntries', { term: 3, entries: [{ term: 3, index: 2, type: 'empty' }] })
    expect(lab.last).toBe(1)
    expect(lab.raft.leader).toBeUndefined()
  })

  test('a request of an earlier term is answered with the later one where elections are held off, so that its sender learns of it', () => {
    const lab = new Lab({ term: 4, checkQuorum: true })
    expect(lab.hear('heartbeat', { term: 3 })).toMatchObject([{ type: 'appendReply', to: 'n2', term: 4 }])
    expect(lab.hear('appendEntries', { term: 3 })).toMatchObject([{ type: 'appendReply', to: 'n2', term: 4 }])
  })

  test('a vote belongs to a term: with a later term it is free again', () => {
    const lab = new Lab()
    expect(lab.hear('requestVote', { term: 2, from: 'n3' })).toMatchObject([{ granted: true }])
    expect(lab.hear('requestVote', { term: 2, from: 'n2' })).toMatchObject([{ granted: false }])
    expect(lab.hear('requestVote', { term: 3, from: 'n2' })).toMatchObject([{ granted: true }])
  })

  test('term and vote are given to be saved before anything leaves that rests on them', () => {
    const lab = new Lab()
    lab.raft.step({ type: 'requestVote', from: 'n3', to: 'n1', term: 7, lastEntry: { term: 1, index: 1 }, transfer: false })
    const ready = lab.raft.ready()
    expect(ready.send).toEqual([])
    expect(ready.hardState).toMatchObject({ term: 7, vote: 'n3' })
    expect(ready.mustSync).toBe(true)
    expect(only(ready.sendAfterSave, 'voteReply')).toHaveLength(1)
  })

  test('term and vote survive a restart', () => {
    const lab = new Lab({ term: 6, vote: 'n3' })
    expect(lab.hear('requestVote', { from: 'n2' })).toMatchObject([{ granted: false, term: 6 }])
    expect(lab.hear('requestVote', { from: 'n3' })).toMatchObject([{ granted: true, term: 6 }])
  })
})
