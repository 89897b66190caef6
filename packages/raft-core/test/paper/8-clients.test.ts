import { describe, expect, test } from 'vitest'
import { bytes, Lab, voters } from './lab.ts'

describe('§8 client interaction', () => {
  test('only a leader takes proposals; others name it', () => {
    const lab = new Lab()
    expect(lab.raft.propose(bytes('x'))).toEqual({ accepted: false, reason: 'no-leader', leader: undefined })
    lab.hear('heartbeat', { term: 2, from: 'n3' })
    expect(lab.raft.propose(bytes('x'))).toEqual({ accepted: false, reason: 'not-leader', leader: 'n3' })
    lab.raft.campaign()
    expect(lab.raft.propose(bytes('x'))).toEqual({ accepted: false, reason: 'no-leader', leader: undefined })
  })

  test('a proposal that is taken has a position; there it comes out of `apply`, or something else does', () => {
    const lab = new Lab().lead()
    expect(lab.raft.propose(bytes('x'))).toEqual({ accepted: true, term: 2, index: 3 })
    lab.work()
    lab.acknowledge('n2')
    expect(lab.applied.at(-1)).toMatchObject({ term: 2, index: 3, data: bytes('x') })
  })

  test('several commands are taken all or none, and the position is that of the first', () => {
    const lab = new Lab({ maxUncommittedBytes: 4 }).lead()
    expect(lab.raft.proposeAll([bytes('a'), bytes('b')])).toEqual({ accepted: true, term: 2, index: 3 })
    expect(lab.raft.proposeAll([bytes('cc'), bytes('d')])).toMatchObject({ accepted: false, reason: 'too-many-uncommitted' })
    expect(lab.last).toBe(4)
    expect(() => lab.raft.proposeAll([])).toThrow(RangeError)
  })

  test('what is applied makes room; entries of earlier terms never took any', () => {
    const entries = [{ term: 1, index: 2, type: 'command', data: bytes('1234567890') }] as const
    const lab = new Lab({ maxUncommittedBytes: 4, entries }).lead()
    expect(lab.raft.propose(bytes('1234'))).toMatchObject({ accepted: true })
    expect(lab.raft.propose(bytes('5'))).toMatchObject({ reason: 'too-many-uncommitted' })
    lab.work()
    // The old entry and the leader's first are committed; the proposal is not.
    lab.hear('appendReply', { index: 3 })
    expect(lab.raft.propose(bytes('5'))).toMatchObject({ reason: 'too-many-uncommitted' })
    lab.acknowledge('n2')
    expect(lab.raft.propose(bytes('5'))).toMatchObject({ accepted: true })
  })

  test('one that is larger than the limit is taken when nothing else waits: else it could never be', () => {
    const lab = new Lab({ maxUncommittedBytes: 4 }).lead()
    expect(lab.raft.propose(bytes('123456'))).toMatchObject({ accepted: true })
    expect(lab.raft.propose(bytes('1'))).toMatchObject({ reason: 'too-many-uncommitted' })
  })

  test('a condition on the membership is never lost on the way: a follower does not forward it', () => {
    const lab = new Lab({ forwardProposals: true })
    lab.hear('heartbeat', { term: 2 })
    const change = { transition: 'auto', changes: [{ type: 'remove', id: 'n3' }], context: undefined } as const
    expect(lab.raft.proposeMembership(change, 1)).toMatchObject({ accepted: false, reason: 'not-leader', leader: 'n2' })
    expect(lab.raft.proposeMembership(change)).toEqual({ accepted: 'forwarded', leader: 'n2' })
  })

  test('who leads alone commits alone', () => {
    const lab = new Lab({ membership: voters('n1') })
    lab.tick(10)
    lab.propose('x')
    expect(lab.applied.map(({ type }) => type)).toEqual(['empty', 'command'])
  })
})
