import { describe, expect, test } from 'vitest'
import type { Message, Ready } from '../../src/index.ts'
import { bytes, command, Lab, only, voters } from './lab.ts'

function overlapping(options = {}): Lab {
  return new Lab({ overlapping: true, ...options }).lead()
}
/** Everything up to here is saved and applied. */
function settled(): Lab {
  const lab = overlapping()
  lab.acknowledge('n2')
  return lab
}
function acknowledgement(from: string, session: number, index: number): Message {
  return { type: 'appendReply', from, to: 'n1', term: 2, session, accepted: true, index, hint: { term: 0, index: 0 } }
}
function propose(lab: Lab, text: string): Ready {
  lab.raft.propose(bytes(text))
  return lab.raft.ready()
}

describe('thesis §10.2.1 writing to the leader’s disk in parallel', () => {
  test('entries leave for the followers before the leader has saved them', () => {
    const ready = propose(settled(), 'a')
    expect(only(ready.send, 'appendEntries').filter(({ to }) => to === 'n2')).toMatchObject([{ entries: [{ index: 3 }] }])
    expect(ready.entries).toMatchObject([{ index: 3 }])
  })

  test('it counts itself only when they are saved', () => {
    const lab = settled()
    const ready = propose(lab, 'a')
    lab.raft.step(acknowledgement('n2', 2, 3))
    expect(lab.raft.commit).toBe(2)
    lab.raft.saved(ready)
    expect(lab.raft.commit).toBe(3)
  })

  test('a majority of others may commit without it; it applies only what it has saved', () => {
    const lab = settled()
    const ready = propose(lab, 'a')
    lab.raft.step(acknowledgement('n2', 2, 3))
    lab.raft.step(acknowledgement('n3', 3, 3))
    expect(lab.raft.commit).toBe(3)
    expect(lab.raft.ready().apply).toEqual([])
    lab.raft.saved(ready)
    expect(lab.raft.ready().apply).toMatchObject([{ index: 3 }])
  })

  test('several saves may be under way; each counts for what it holds', () => {
    const lab = settled()
    const [first, second, third] = ['a', 'b', 'c'].map(text => propose(lab, text))
    expect([first, second, third].map(ready => ready?.entries.map(({ index }) => index))).toEqual([[3], [4], [5]])
    lab.raft.saved(first!)
    expect(lab.raft.status()).toMatchObject({ saved: 3 })
    lab.raft.saved(second!)
    lab.raft.saved(third!)
    expect(lab.raft.status().saved).toBe(5)
  })

  test('a save of what was replaced meanwhile counts for nothing', () => {
    const lab = settled()
    const old = propose(lab, 'a')
    const entries = [command(3, 3, 'b'), command(3, 4, 'c')]
    lab.raft.step({ type: 'appendEntries', from: 'n3', to: 'n1', term: 3, session: 0, after: { term: 2, index: 2 }, entries, commit: 2 })
    const fresh = lab.raft.ready()
    lab.raft.saved(old)
    expect(lab.raft.status().saved).toBe(2)
    lab.raft.saved(fresh)
    expect(lab.raft.status().saved).toBe(4)
  })

  test('nor does one of the same positions in a later term, until a save of that term has ended', () => {
    const lab = settled()
    const old = propose(lab, 'a')
    lab.raft.step({ type: 'heartbeat', from: 'n3', to: 'n1', term: 3, commit: 2, readToken: 0 })
    const later = lab.raft.ready()
    lab.raft.saved(old)
    expect(lab.raft.status().saved).toBe(2)
    lab.raft.saved(later)
    expect(lab.raft.status().saved).toBe(3)
  })

  test('a save that is reported twice, or after a later one, changes nothing', () => {
    const lab = settled()
    const [first, second] = ['a', 'b'].map(text => propose(lab, text))
    lab.raft.saved(second!)
    const { saved } = lab.raft.status()
    lab.raft.saved(first!)
    lab.raft.saved(second!)
    expect(lab.raft.status().saved).toBe(saved)
  })

  test('nothing of a new term leaves before that term is saved, in this Ready or a later one', () => {
    const lab = new Lab({ overlapping: true })
    lab.raft.campaign()
    const first = lab.raft.ready()
    expect(first).toMatchObject({ send: [], mustSync: true })
    expect(only(first.sendAfterSave, 'requestVote')).toHaveLength(2)
    lab.raft.step({ type: 'heartbeat', from: 'n2', to: 'n1', term: 2, commit: 1, readToken: 0 })
    const second = lab.raft.ready()
    expect(second).toMatchObject({ send: [], mustSync: false, sendAfterSave: [{ type: 'heartbeatReply' }] })
    lab.raft.saved(first)
    lab.raft.step({ type: 'heartbeat', from: 'n2', to: 'n1', term: 2, commit: 1, readToken: 0 })
    expect(lab.raft.ready().send).toMatchObject([{ type: 'heartbeatReply' }])
  })

  test('steps of a save can be taken one by one', () => {
    const lab = new Lab({ overlapping: true, membership: voters('n1') })
    lab.raft.campaign()
    const { receipt } = lab.raft.ready()
    for (const message of receipt.promises) lab.raft.stepOwn(message)
    lab.raft.settle(receipt)
    expect(lab.raft.role).toBe('leader')
    lab.raft.stepOwn({ type: 'heartbeatReply', from: 'n2', to: 'n1', term: 2, readToken: 0 })
  })

  test('a committed change can take effect before the rest of its batch is applied, and once', () => {
    const lab = overlapping()
    lab.raft.proposeAll([bytes('a')])
    lab.work()
    lab.acknowledge('n2')
    lab.raft.proposeMembership({ transition: 'auto', changes: [{ type: 'remove', id: 'n3' }], context: undefined })
    lab.raft.saved(lab.raft.ready())
    lab.raft.step(acknowledgement('n2', 2, 4))
    const [entry] = lab.raft.ready().apply
    if (entry?.type !== 'membership') throw new Error('a membership entry')
    expect(lab.raft.applyMembership(entry).voters).toEqual(['n1', 'n2'])
    expect(lab.raft.applyMembership(entry).voters).toEqual(['n1', 'n2'])
    lab.raft.appliedTo(4)
    expect(lab.raft.status()).toMatchObject({ applied: 4, membershipIndex: 4 })
  })

  test('without `overlapping`, a Ready is finished before the next one is made', () => {
    const lab = new Lab().lead()
    const ready = propose(lab, 'a')
    expect(() => lab.raft.ready()).toThrow('finish the last Ready with advance() first')
    lab.raft.advance(ready)
    expect(lab.raft.ready().send).toBeDefined()
  })

  test('what is applied was committed: anything else is an error of the driver', () => {
    const lab = settled()
    expect(() => lab.raft.appliedTo(99)).toThrow('only what is committed is applied')
    const change = { transition: 'auto', changes: [], context: undefined } as const
    expect(() => lab.raft.applyMembership({ term: 2, index: 99, type: 'membership', change })).toThrow('only what is committed is applied')
  })
})
