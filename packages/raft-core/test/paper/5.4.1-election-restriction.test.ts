import { describe, expect, test } from 'vitest'
import { command, Lab, only } from './lab.ts'

describe('§5.4.1 election restriction', () => {
  // The voter's log ends at 3@2.
  test.for<[number, number, boolean]>([
    [2, 3, true],
    [2, 4, true],
    [3, 1, true],
    [2, 2, false],
    [1, 9, false],
  ])('a vote for a log that ends in term %i at index %i: %s', ([term, index, granted]) => {
    const lab = new Lab({ term: 2, entries: [command(2, 2), command(2, 3)] })
    expect(lab.hear('requestVote', { term: 4, lastEntry: { term, index } })).toMatchObject([{ type: 'voteReply', granted }])
    expect(lab.hear('preVote', { term: 6, lastEntry: { term, index } })).toMatchObject([{ type: 'preVoteReply', granted }])
  })

  test('a refused vote stays free', () => {
    const lab = new Lab({ term: 2, entries: [command(2, 2)] })
    expect(lab.hear('requestVote', { term: 3, lastEntry: { term: 1, index: 1 } })).toMatchObject([{ granted: false }])
    expect(lab.hear('requestVote', { from: 'n3', lastEntry: { term: 2, index: 2 } })).toMatchObject([{ granted: true }])
  })

  test('a candidate names the end of its log', () => {
    const lab = new Lab({ term: 2, entries: [command(2, 2), command(2, 3)] })
    lab.raft.campaign()
    expect(only(lab.work(), 'requestVote')[0]).toMatchObject({ lastEntry: { term: 2, index: 3 } })
  })

  test('a log that was compacted altogether is still known by its end', () => {
    const lab = new Lab({ base: { term: 3, index: 7 }, term: 3 })
    expect(lab.hear('requestVote', { term: 4, lastEntry: { term: 2, index: 9 } })).toMatchObject([{ granted: false }])
    expect(lab.hear('requestVote', { term: 4, lastEntry: { term: 3, index: 7 } })).toMatchObject([{ granted: true }])
  })
})
