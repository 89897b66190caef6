import { describe, expect, test } from 'vitest'
import { command, Lab } from './lab.ts'

describe('§5.4.2 committing entries from previous terms', () => {
  test('an entry of an earlier term is not committed by counting, however many hold it', () => {
    const lab = new Lab({ term: 2, entries: [command(2, 2)] }).lead()
    lab.hear('appendReply', { index: 2 })
    lab.hear('appendReply', { from: 'n3', session: 3, index: 2 })
    expect(lab.raft.commit).toBe(1)
  })

  test('one of its own term commits by counting, and all that precede it with it', () => {
    const lab = new Lab({ term: 2, entries: [command(2, 2)] }).lead()
    lab.hear('appendReply', { index: 3 })
    expect(lab.raft.commit).toBe(3)
    expect(lab.applied.map(({ term }) => term)).toEqual([2, 3])
  })

  test('so a leader begins its term with an entry of its own', () => {
    const lab = new Lab({ term: 2, entries: [command(2, 2)] }).lead()
    expect(lab.raft.entries(3, 3)).toMatchObject([{ type: 'empty', term: 3, index: 3 }])
  })

  test('a follower commits whatever the leader says it has committed, of whichever term', () => {
    const lab = new Lab({ term: 2, entries: [command(2, 2)] })
    lab.hear('appendEntries', { term: 3, after: { term: 2, index: 2 }, entries: [command(3, 3)], commit: 2 })
    expect(lab.raft.commit).toBe(2)
  })
})
