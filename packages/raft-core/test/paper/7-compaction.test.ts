import { describe, expect, test } from 'vitest'
import { command, Lab, only, voters } from './lab.ts'

const nothing = new Uint8Array()
const snapshotAt = (term: number, index: number, membership = voters('n1', 'n2', 'n3')) => ({ term, index, membership, data: nothing })

function ledLab(): Lab {
  const lab = new Lab().lead()
  for (const text of ['a', 'b']) lab.propose(text)
  lab.acknowledge('n2')
  return lab
}

describe('§7 log compaction', () => {
  test('entries that a snapshot covers can be forgotten; what follows stays', () => {
    const lab = ledLab()
    lab.raft.snapshotTaken(snapshotAt(2, 4))
    lab.raft.compact(3)
    expect(lab.raft.status()).toMatchObject({ first: 4, last: { term: 2, index: 4 } })
    expect(lab.raft.entries(1, 9).map(({ index }) => index)).toEqual([4])
    expect(lab.raft.entries(1, 2)).toEqual([])
  })

  test('what is not applied, or not covered by a snapshot, cannot be forgotten', () => {
    const lab = ledLab()
    expect(() => lab.raft.compact(3)).toThrow('the newest snapshot covers only up to 1')
    expect(() => lab.raft.compact(9)).toThrow('applied only up to 4')
    lab.raft.compact(1)
    expect(lab.raft.status().first).toBe(2)
  })

  test('a snapshot is of what is committed, as the log has it', () => {
    const lab = ledLab()
    expect(() => lab.raft.snapshotTaken(snapshotAt(2, 9))).toThrow('beyond the commit index')
    expect(() => lab.raft.snapshotTaken(snapshotAt(1, 4))).toThrow('of term 1, but entry 4 is of term 2')
  })

  test('an older snapshot than the newest changes nothing', () => {
    const lab = ledLab()
    lab.raft.snapshotTaken(snapshotAt(2, 4))
    lab.raft.snapshotTaken(snapshotAt(2, 3))
    lab.raft.compact(4)
    expect(lab.raft.status().first).toBe(5)
  })

  test('a follower that needs what is forgotten gets the snapshot, if it answers at all', () => {
    const lab = ledLab()
    lab.raft.snapshotTaken(snapshotAt(2, 4))
    lab.raft.compact(4)
    const refusal = { from: 'n3', session: 3, accepted: false, index: 1, hint: { term: 0, index: 0 } } as const
    expect(only(lab.hear('appendReply', refusal), 'installSnapshot')).toMatchObject([
      { to: 'n3', session: 3, snapshot: { term: 2, index: 4 } },
    ])
    expect(lab.raft.status().progress[2]).toMatchObject({ id: 'n3', state: 'snapshot', pendingSnapshot: 4 })
  })

  test('a follower replaces its log and its membership by the snapshot, and acknowledges it once it is saved', () => {
    const lab = new Lab({ term: 2, entries: [command(2, 2)] })
    const snapshot = snapshotAt(3, 8, voters('n1', 'n2', 'n4'))
    lab.raft.step({ type: 'installSnapshot', from: 'n2', to: 'n1', term: 3, session: 7, snapshot })
    const ready = lab.raft.ready()
    expect(ready).toMatchObject({ snapshot, entries: [], apply: [], mustSync: true, send: [], hardState: { term: 3, commit: 8 } })
    expect(ready.sendAfterSave).toMatchObject([{ type: 'appendReply', accepted: true, index: 8, session: 7 }])
    expect(lab.raft.applied).toBe(1)
    lab.raft.advance(ready)
    expect(lab.raft.status()).toMatchObject({ applied: 8, commit: 8, first: 9, membership: snapshot.membership, membershipIndex: 8 })
  })

  test('a second snapshot that comes before the first is saved takes its place; the late save of the first does no harm', () => {
    const lab = new Lab({ overlapping: true })
    const install = (index: number) =>
      void lab.raft.step({ type: 'installSnapshot', from: 'n2', to: 'n1', term: 2, session: 0, snapshot: snapshotAt(2, index) })
    install(5)
    const first = lab.raft.ready()
    install(9)
    const second = lab.raft.ready()
    lab.raft.saved(first)
    expect(lab.raft.status()).toMatchObject({ applied: 5, first: 10, commit: 9 })
    expect(lab.raft.hasReady()).toBe(false)
    lab.raft.saved(second)
    expect(lab.raft.status()).toMatchObject({ applied: 9, first: 10, commit: 9 })
  })

  test('what was being applied when a snapshot came may end afterwards', () => {
    const lab = new Lab({ overlapping: true, term: 2, entries: [command(2, 2), command(2, 3)], commit: 3, maxApplyBytes: 1000 })
    const before = lab.raft.ready()
    expect(before.apply).toHaveLength(2)
    lab.raft.step({ type: 'installSnapshot', from: 'n2', to: 'n1', term: 2, session: 0, snapshot: snapshotAt(2, 9) })
    const ready = lab.raft.ready()
    lab.raft.appliedTo(2)
    lab.raft.saved(before)
    lab.raft.saved(ready)
    lab.raft.appliedTo(3)
    expect(lab.raft.applied).toBe(9)
    lab.raft.step({
      ...{ type: 'appendEntries', from: 'n2', to: 'n1', term: 2, session: 0, commit: 10 },
      ...{ after: { term: 2, index: 9 }, entries: [command(2, 10)] },
    })
    lab.raft.saved(lab.raft.ready())
    expect(lab.raft.ready().apply).toMatchObject([{ index: 10 }])
  })

  test('a node starts from its snapshot and the log after it', () => {
    const lab = new Lab({ base: { term: 3, index: 5 }, term: 4, entries: [command(3, 6), command(4, 7)], commit: 6 })
    expect(lab.raft.status()).toMatchObject({ first: 6, last: { term: 4, index: 7 }, applied: 5, commit: 6 })
    lab.work()
    expect(lab.applied.map(({ index }) => index)).toEqual([6])
  })
})
