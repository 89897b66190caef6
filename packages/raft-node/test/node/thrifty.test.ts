import type { Entry, Membership, Message, MessageOf, NodeId } from 'raft-core'
import { expect, test } from 'vitest'
import { Thrifty } from '../../src/thrifty.ts'
import { VirtualClock } from './virtual-clock.ts'

type Append = MessageOf<'appendEntries'>

/** A leader n1, what it sends, and when. */
class Leader {
  readonly clock = new VirtualClock()
  readonly sent: Message[] = []
  pays = true
  commit = 0
  last = 0
  membership: Membership
  readonly thrifty: Thrifty

  constructor(voters: readonly NodeId[], more: Partial<Membership> = {}) {
    this.membership = { voters, outgoing: [], learners: [], learnersNext: [], autoLeave: false, ...more } as Membership
    this.thrifty = new Thrifty({
      clock: this.clock,
      self: 'n1',
      membership: () => this.membership,
      commit: () => this.commit,
      pays: () => this.pays,
      send: message => this.sent.push(message),
    })
  }

  /** One more entry, to each of these. */
  propose(to: readonly NodeId[], bytes = 1): void {
    const after = { term: 2, index: this.last++ }
    const entry = { type: 'command', term: 2, index: this.last, data: new Uint8Array(bytes) } as const
    for (const id of to) this.thrifty.send({ ...append(id), after, entries: [entry] })
  }

  /** It is committed, and these have said so, in this order. */
  commitAll(by: readonly NodeId[] = []): void {
    for (const id of by) this.thrifty.acknowledged(id, this.last)
    this.commit = this.last
  }

  /** What has been sent since this was last asked. */
  news(): string[] {
    return this.sent.splice(0).map(message => `${message.to} ${message.type === 'appendEntries' ? lastOf(message) : message.type}`)
  }
}

function append(to: NodeId): Append {
  return { type: 'appendEntries', from: 'n1', to, term: 2, session: 1, after: { term: 2, index: 0 }, entries: [], commit: 0 }
}

function lastOf({ after, entries }: Append): string {
  return entries.length > 0 ? String(after.index + entries.length) : `notice at ${after.index}`
}

function notice(to: NodeId, index: number): Append {
  return { ...append(to), after: { term: 2, index }, commit: index }
}

function heartbeat(to: NodeId): Message {
  return { type: 'heartbeat', from: 'n1', to, term: 2, commit: 0, readToken: 1 }
}

test('one follower of two gets entries at once, the other 5 ms later, all together and in order', async () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.propose(['n2', 'n3'])
  leader.commitAll()
  leader.propose(['n2', 'n3'])
  leader.commitAll()
  leader.thrifty.send(notice('n3', 2))
  expect(leader.news()).toEqual(['n2 1', 'n2 2'])
  await leader.clock.run(4)
  expect(leader.news()).toEqual([])
  await leader.clock.run(1)
  expect(leader.news()).toEqual(['n3 1', 'n3 2', 'n3 notice at 2'])
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
  expect(leader.news()).toEqual(['n3 notice at 1'])
})

test('many messages, and large ones, wait for nothing', () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  for (let i = 1; i <= 7; i++) leader.propose(['n3'])
  expect(leader.news()).toEqual([])
  leader.propose(['n3'])
  expect(leader.news()).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map(index => `n3 ${index}`))
  leader.propose(['n3'])
  leader.propose(['n3'], 64 * 1024 + 1)
  expect(leader.news()).toEqual(['n3 9', 'n3 10'])
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

test('who was the first to answer while nobody waited gets entries at once afterwards', () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.pays = false
  for (const first of ['n3', 'n2', 'n3']) {
    leader.propose(['n2', 'n3'])
    leader.commitAll([first, first === 'n3' ? 'n2' : 'n3'])
  }
  leader.news()
  leader.pays = true
  leader.propose(['n2', 'n3'])
  expect(leader.news()).toEqual(['n3 4'])
})

test('a follower that does not answer is not waited for twice: all get entries at once, and then whoever answers', async () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.propose(['n2', 'n3'])
  await leader.clock.run(5) // n2 is silent
  expect(leader.news()).toEqual(['n2 1', 'n3 1'])
  for (let i = 0; i < 9; i++) {
    leader.commitAll(['n3'])
    leader.propose(['n2', 'n3'])
    expect(leader.news()).toEqual([`n2 ${i + 2}`, `n3 ${i + 2}`])
    await leader.clock.run(10)
  }
  leader.commitAll(['n3'])
  await leader.clock.run(10)
  leader.propose(['n2', 'n3'])
  expect(leader.news()).toEqual(['n3 11'])
})

test('entries that came just now are no reason to doubt', async () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.propose(['n2', 'n3'])
  leader.commitAll()
  await leader.clock.run(4)
  leader.propose(['n2', 'n3']) // on its way when the time of the first is over
  await leader.clock.run(1)
  leader.news()
  leader.propose(['n2', 'n3'])
  expect(leader.news()).toEqual(['n2 3'])
})

test('another membership is looked at anew', () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.propose(['n2', 'n3'])
  leader.membership = { ...leader.membership, voters: ['n1', 'n3'] }
  leader.propose(['n3'])
  expect(leader.news()).toEqual(['n2 1', 'n3 1', 'n3 2'])
})

test('nothing leaves once it is stopped', async () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.propose(['n3'])
  leader.thrifty.stop()
  await leader.clock.run(100)
  expect(leader.news()).toEqual([])
})
