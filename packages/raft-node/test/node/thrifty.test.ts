import type { Entry, Membership, NodeId } from 'raft-core'
import { expect, test } from 'vitest'
import { type Append, append, entryAt, heartbeat, Leader, notice } from './thrifty-leader.ts'

test('one follower of two gets entries at once, the other 5 ms later', async () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.propose(['n2', 'n3'])
  leader.commitAll()
  leader.thrifty.send(notice('n3', 1))
  expect(leader.news()).toEqual(['n2 1'])
  await leader.clock.run(4)
  expect(leader.news()).toEqual([])
  await leader.clock.run(1)
  expect(leader.sent).toEqual([{ ...append('n3'), entries: [entryAt(1)], commit: 1 }])
})

/** One entry after the other, each committed before the next one comes. */
async function stream(leader: Leader, count: number, everyMs: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    leader.propose(['n2', 'n3'])
    leader.commitAll()
    await leader.clock.run(everyMs)
  }
}

test('while more come it waits on, for 50 ms and no longer, and leaves as one message', async () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  await stream(leader, 16, 3)
  expect(leader.news().filter(each => each.startsWith('n3'))).toEqual([])
  await stream(leader, 1, 2)
  expect(leader.news()).toEqual(['n2 17', 'n3 1-17'])
})

test('it goes when no more have come since somebody looked', async () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  await stream(leader, 4, 2) // at 0, 2, 4 and 6 ms
  await leader.clock.run(6)
  expect(leader.news()).toEqual(['n2 1', 'n2 2', 'n2 3', 'n2 4'])
  await leader.clock.run(1)
  expect(leader.news()).toEqual(['n3 1-4'])
})

test('a follower that falls silent while commands come is noticed within 10 ms', async () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  await stream(leader, 6, 1)
  leader.propose(['n2', 'n3']) // n2 does not answer
  leader.news()
  await leader.clock.run(8)
  expect(leader.news()).toEqual([])
  await leader.clock.run(1)
  expect(leader.news()).toEqual(['n3 1-7'])
  leader.propose(['n2', 'n3'])
  expect(leader.news()).toEqual(['n2 8', 'n3 8'])
})

test.each<[string, { of: NodeId[]; at?: Partial<Membership>; others: NodeId[]; atOnce: NodeId[] }]>([
  ['of four others two', { of: ['n1', 'n2', 'n3', 'n4', 'n5'], others: ['n2', 'n3', 'n4', 'n5'], atOnce: ['n2', 'n3'] }],
  ['of three others two', { of: ['n1', 'n2', 'n3', 'n4'], others: ['n2', 'n3', 'n4'], atOnce: ['n2', 'n3'] }],
  ['the only other voter, and no learner', { of: ['n1', 'n2'], at: { learners: ['n3'] }, others: ['n2', 'n3'], atOnce: ['n2'] }],
  ['two of three, from a leader that has no vote any more', { of: ['n2', 'n3', 'n4'], others: ['n2', 'n3', 'n4'], atOnce: ['n2', 'n3'] }],
  [
    'everybody while memberships overlap',
    { of: ['n1', 'n2'], at: { outgoing: ['n1', 'n3'], learners: ['n4'] }, others: ['n2', 'n3', 'n4'], atOnce: ['n2', 'n3', 'n4'] },
  ],
])('at once: %s', (_what, { of, at, others, atOnce }) => {
  const leader = new Leader(of, at)
  leader.propose(others)
  expect(leader.news()).toEqual(atOnce.map(id => `${id} 1`))
})

test('anything else goes behind what waits, and takes it along', () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.propose(['n2', 'n3'])
  leader.thrifty.send(heartbeat('n2'))
  expect(leader.news()).toEqual(['n2 1', 'n2 heartbeat'])
  leader.thrifty.send(heartbeat('n3'))
  expect(leader.news()).toEqual(['n3 1', 'n3 heartbeat'])
  leader.thrifty.send(notice('n3', 1))
  expect(leader.news()).toEqual(['n3 commit 1'])
})

test.each([0, 5])(
  'what has left is not sent again when its time is over, nor what waits since sent early (looked at after %i ms)',
  async ms => {
    const leader = new Leader(['n1', 'n2', 'n3'])
    await stream(leader, 2, ms / 2)
    leader.thrifty.send(heartbeat('n3'))
    leader.propose(['n2', 'n3'])
    leader.commitAll()
    leader.news()
    await leader.clock.run(4)
    expect(leader.news()).toEqual([])
    await leader.clock.run(30)
    expect(leader.news()).toEqual(['n3 3'])
  },
)

test('a quorum that is late is noticed though more have come since', async () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.propose(['n2', 'n3'])
  await leader.clock.run(4)
  leader.propose(['n2', 'n3'])
  await leader.clock.run(1)
  leader.propose(['n2', 'n3'])
  expect(leader.news()).toEqual(['n2 1', 'n2 2', 'n3 1-2', 'n2 3', 'n3 3'])
})

test('a quorum that is late lets all go that waits', async () => {
  const leader = new Leader(['n1', 'n2', 'n3', 'n4', 'n5'])
  leader.propose(['n2', 'n3', 'n4'])
  await leader.clock.run(2)
  leader.thrifty.send({ ...append('n5'), entries: [entryAt(1)] })
  leader.news()
  await leader.clock.run(3)
  expect(leader.news()).toEqual(['n4 1', 'n5 1'])
})

test('many bytes wait for nothing', () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.propose(['n3'], 32 * 1024)
  leader.propose(['n3'], 32 * 1024 - 1)
  expect(leader.news()).toEqual([])
  leader.propose(['n3'])
  expect(leader.news()).toEqual(['n3 1-3'])
  leader.propose(['n3'])
  leader.propose(['n3'], 64 * 1024)
  expect(leader.news()).toEqual(['n3 4', 'n3 5'])
})

test('nor do many messages', () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  for (let i = 1; i <= 127; i++) leader.propose(['n3'])
  expect(leader.news()).toEqual([])
  leader.propose(['n3'])
  expect(leader.news()).toEqual(['n3 1-128'])
})

test.each<Entry>([
  { type: 'empty', term: 2, index: 2 },
  { type: 'membership', term: 2, index: 2, change: { transition: 'auto', changes: [], context: undefined } },
])('an entry that is no command waits for nothing: %o', entry => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.propose(['n3'])
  leader.thrifty.send({ ...append('n3'), after: { term: 2, index: 1 }, entries: [entry] })
  expect(leader.news()).toEqual(['n3 1', 'n3 2'])
})

test('where it does not pay, nothing waits, and what has waited goes first', () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.propose(['n2', 'n3'])
  leader.pays = false
  leader.propose(['n2', 'n3'])
  expect(leader.news()).toEqual(['n2 1', 'n2 2', 'n3 1', 'n3 2'])
})

test('what does not go on from what waits, or is of another life of the member, is sent behind it', () => {
  const more: Partial<Append>[] = [
    { after: { term: 2, index: 5 } },
    { after: { term: 1, index: 1 } },
    { session: 2 },
    { term: 3 },
    { repair: 9 },
  ]
  for (const odd of more) {
    const leader = new Leader(['n1', 'n2', 'n3'])
    leader.propose(['n3'])
    leader.thrifty.send({ ...append('n3'), after: { term: 2, index: 1 }, entries: [entryAt(2)], ...odd })
    expect(leader.sent.length).toBe(2)
    expect(leader.sent[0]).toEqual({ ...append('n3'), entries: [entryAt(1)] })
  }
})

test.each([1, 3])('nothing leaves once it is stopped (%i messages)', async count => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  await stream(leader, count, 2)
  leader.news()
  leader.thrifty.stop()
  await leader.clock.run(100)
  expect(leader.news()).toEqual([])
})
