import { describe, expect, test } from 'vitest'
import type { MembershipChange } from '../../src/index.ts'
import { Lab, only, voters } from './lab.ts'

const swap: MembershipChange = {
  transition: 'explicit',
  changes: [
    { type: 'voter', id: 'n4' },
    { type: 'voter', id: 'n5' },
    { type: 'remove', id: 'n2' },
    { type: 'remove', id: 'n3' },
  ],
  context: undefined,
}
const leave: MembershipChange = { transition: 'auto', changes: [], context: undefined }

function joint(): Lab {
  const membership = { ...voters('n1', 'n4', 'n5'), outgoing: ['n1', 'n2', 'n3'] }
  return new Lab({ membership }).lead('n2', 'n4')
}

describe('§6 cluster membership changes', () => {
  test('several voters change through a joint membership of old and new', () => {
    const lab = new Lab().lead()
    expect(lab.raft.proposeMembership(swap)).toMatchObject({ accepted: true })
    lab.work()
    lab.acknowledge('n2')
    expect(lab.raft.status().membership).toMatchObject({ voters: ['n1', 'n4', 'n5'], outgoing: ['n1', 'n2', 'n3'] })
  })

  test.for<[string[], boolean]>([
    [['n2', 'n4'], true],
    [['n2', 'n3'], false],
    [['n4', 'n5'], false],
  ])('in a joint membership it takes both majorities to elect: with %j, %s', ([granted, won]) => {
    const membership = { ...voters('n1', 'n4', 'n5'), outgoing: ['n1', 'n2', 'n3'] }
    const lab = new Lab({ membership }).lead(...granted)
    expect(lab.raft.role === 'leader').toBe(won)
  })

  test.for<[string[], number]>([
    [['n2', 'n4'], 2],
    [['n2', 'n3'], 1],
    [['n4', 'n5'], 1],
  ])('and to commit: with %j up to %i', ([held, commit]) => {
    const lab = joint()
    for (const from of held) lab.hear('appendReply', { from, session: Number(from.slice(1)), index: 2 })
    expect(lab.raft.commit).toBe(commit)
  })

  test('requests and entries go to the members of both', () => {
    const lab = joint()
    expect(only(lab.tick(), 'heartbeat').map(({ to }) => to)).toEqual(['n2', 'n3', 'n4', 'n5'])
  })

  test('nothing else is changed before the joint membership is left', () => {
    const lab = joint()
    for (const from of ['n2', 'n4']) lab.hear('appendReply', { from, session: Number(from.slice(1)), index: 2 })
    expect(lab.raft.proposeMembership(swap)).toMatchObject({ accepted: false, reason: 'joint' })
    expect(lab.raft.proposeMembership(leave)).toMatchObject({ accepted: true })
  })

  test('what was proposed takes effect when it is applied, not before', () => {
    const lab = new Lab().lead()
    lab.acknowledge('n2')
    lab.raft.proposeMembership({ ...leave, changes: [{ type: 'remove', id: 'n3' }] })
    lab.work()
    expect(lab.raft.status().membership.voters).toEqual(['n1', 'n2', 'n3'])
    lab.acknowledge('n2')
    expect(lab.raft.status().membership.voters).toEqual(['n1', 'n2'])
  })

  test('the context of a change is replicated with it, and an update carries one without changing anybody', () => {
    const lab = new Lab().lead()
    lab.acknowledge('n2')
    const context = Uint8Array.of(1, 2)
    lab.raft.proposeMembership({ transition: 'auto', changes: [{ type: 'update', id: 'n3' }], context })
    lab.work()
    lab.acknowledge('n2')
    expect(lab.applied.at(-1)).toMatchObject({ type: 'membership', change: { context } })
    expect(lab.raft.status()).toMatchObject({ membership: voters('n1', 'n2', 'n3'), membershipIndex: 3 })
  })
})
