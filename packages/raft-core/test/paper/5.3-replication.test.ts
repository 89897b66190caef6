import { describe, expect, test } from 'vitest'
import { bytes, command, Lab, only, voters } from './lab.ts'

describe('§5.3 log replication', () => {
  test('a leader appends what is proposed and sends it to all followers at once', () => {
    const lab = new Lab().lead()
    lab.acknowledge('n2')
    lab.hear('appendReply', { from: 'n3', session: 3, index: 2 })
    const sent = only(lab.propose(), 'appendEntries')
    expect(sent.map(({ to }) => to)).toEqual(['n2', 'n3'])
    expect(sent[0]).toMatchObject({ after: { term: 2, index: 2 }, entries: [{ term: 2, index: 3, type: 'command' }], commit: 2 })
  })

  test('an entry that a majority holds is committed, and the followers are told', () => {
    const lab = new Lab({ membership: voters('n1', 'n2', 'n3', 'n4', 'n5') }).lead('n2', 'n3')
    lab.acknowledge('n2')
    expect(lab.raft.commit).toBe(1)
    expect(only(lab.hear('appendReply', { from: 'n3', session: 3, index: 2 }), 'appendEntries').map(({ commit }) => commit)).toContain(2)
    expect(lab.raft.commit).toBe(2)
  })

  test('committed entries are applied once and in order', () => {
    const lab = new Lab().lead()
    lab.raft.proposeAll(['a', 'b', 'c'].map(bytes))
    lab.work()
    lab.acknowledge('n2')
    lab.acknowledge('n2')
    expect(lab.applied.map(({ index }) => index)).toEqual([2, 3, 4, 5])
  })

  test('a leader never changes or removes entries of its own log', () => {
    const lab = new Lab({ term: 2, entries: [command(2, 2)] }).lead()
    lab.propose()
    lab.hear('appendEntries', { entries: [command(2, 2, 'other')] })
    lab.hear('appendReply', { accepted: false, index: 2, hint: { term: 0, index: 0 } })
    expect(lab.terms).toEqual([2, 3, 3])
  })

  test('a follower takes entries only after one that it holds', () => {
    const lab = new Lab({ term: 2 })
    expect(lab.hear('appendEntries', { after: { term: 2, index: 3 }, entries: [command(2, 4)] })).toMatchObject([
      { accepted: false, index: 3, hint: { term: 1, index: 1 } },
    ])
    expect(lab.hear('appendEntries', { after: { term: 2, index: 1 }, entries: [command(2, 2)] })).toMatchObject([{ accepted: false }])
    expect(lab.hear('appendEntries', { entries: [command(2, 2)] })).toMatchObject([{ accepted: true, index: 2 }])
  })

  test('where its log conflicts, the follower drops that entry and all that follow it', () => {
    const lab = new Lab({ term: 2, entries: [command(2, 2), command(2, 3), command(2, 4)] })
    lab.hear('appendEntries', { term: 3, after: { term: 2, index: 2 }, entries: [command(3, 3)] })
    expect(lab.terms).toEqual([2, 3])
  })

  test('entries that it holds already cut nothing off', () => {
    const lab = new Lab({ term: 2, entries: [command(2, 2), command(2, 3), command(2, 4)] })
    expect(lab.hear('appendEntries', { entries: [command(2, 2)] })).toMatchObject([{ accepted: true, index: 2 }])
    expect(lab.terms).toEqual([2, 2, 2])
  })

  test('a follower commits what the leader has committed, as far as its log is known to agree', () => {
    const lab = new Lab({ term: 2, entries: [command(2, 2), command(2, 3)] })
    lab.hear('appendEntries', { entries: [command(2, 2)], commit: 9 })
    expect(lab.raft.commit).toBe(2)
    lab.hear('appendEntries', { after: { term: 2, index: 3 }, commit: 9 })
    expect(lab.raft.commit).toBe(3)
  })

  test('the commit index never falls', () => {
    const lab = new Lab({ term: 2, entries: [command(2, 2), command(2, 3)], commit: 3 })
    lab.hear('appendEntries', { after: { term: 2, index: 3 }, commit: 1 })
    lab.hear('heartbeat', { commit: 2 })
    expect(lab.raft.commit).toBe(3)
  })

  test('an old request for what is committed is answered with how far that is', () => {
    const lab = new Lab({ term: 2, entries: [command(2, 2), command(2, 3)], commit: 3 })
    expect(lab.hear('appendEntries', { entries: [command(2, 2)] })).toMatchObject([{ accepted: true, index: 3 }])
    expect(lab.terms).toEqual([2, 2])
  })

  test('a heartbeat that commits beyond the log is not believed', () => {
    const lab = new Lab({ term: 2 })
    expect(lab.hear('heartbeat', { commit: 9 })).toMatchObject([{ type: 'heartbeatReply' }])
    expect(lab.raft.commit).toBe(1)
  })

  test('after a refusal the leader goes back to where the logs may agree, a whole term at a time, and sends from there', () => {
    const lab = new Lab({ term: 4, entries: [command(2, 2), command(2, 3), command(4, 4), command(4, 5)] }).lead()
    // The follower's entry 5 is of term 3; our last of a term not later than that is 3@2.
    const sent = lab.hear('appendReply', { accepted: false, index: 5, hint: { term: 3, index: 5 } })
    expect(only(sent, 'appendEntries')).toMatchObject([{ after: { term: 2, index: 3 } }])
  })

  test('an acknowledgement of more than the log holds is not believed', () => {
    const lab = new Lab().lead()
    lab.hear('appendReply', { index: 99 })
    expect(lab.raft.commit).toBe(1)
  })

  test('an answer of somebody who is no member counts for nothing', () => {
    const lab = new Lab().lead()
    expect(lab.raft.step({ ...reply('n9'), term: 2 })).toEqual({ accepted: false, reason: 'unknown-peer' })
    expect(lab.raft.commit).toBe(1)
  })

  test('a member that is asked for its state is probed with one message at a time; once it agrees, entries stream', () => {
    const lab = new Lab().lead()
    const toN2 = (text: string) => only(lab.propose(text), 'appendEntries').filter(({ to }) => to === 'n2')
    expect(toN2('a')).toHaveLength(0)
    lab.acknowledge('n2')
    expect([...toN2('b'), ...toN2('c')].map(({ entries }) => entries[0]?.index)).toEqual([4, 5])
  })

  test('no more than `maxMessageBytes` go into one message, but always one entry', () => {
    const lab = new Lab({ maxMessageBytes: 40 }).lead()
    lab.acknowledge('n2')
    lab.raft.proposeAll(['12345678', '12345678', '12345678', '123456789012345678901234567890'].map(bytes))
    const sent = only([...lab.work(), ...lab.hear('heartbeatReply', {})], 'appendEntries').filter(({ to }) => to === 'n2')
    expect(sent.map(({ entries }) => entries.length)).toEqual([1, 1])
    expect(only(lab.hear('appendReply', { index: 4 }), 'appendEntries').map(({ entries }) => entries.length)).toEqual([1, 1])
  })
})

function reply(from: string) {
  return { type: 'appendReply', from, to: 'n1', session: 1, accepted: true, index: 2, hint: { term: 0, index: 0 } } as const
}
