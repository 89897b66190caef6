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
    const after = { term: this.last === 0 ? 0 : 2, index: this.last++ }
    for (const id of to) this.thrifty.send({ ...append(id), after, entries: [entryAt(this.last, bytes)], commit: this.commit })
  }

  /** It is committed, and these have said so, in this order. */
  commitAll(by: readonly NodeId[] = []): void {
    for (const id of by) this.thrifty.acknowledged(id, this.last)
    this.commit = this.last
  }

  /** What has been sent since this was last asked. */
  news(): string[] {
    return this.sent.splice(0).map(message => `${message.to} ${message.type === 'appendEntries' ? rangeOf(message) : message.type}`)
  }
}

function entryAt(index: number, bytes = 1): Entry {
  return { type: 'command', term: 2, index, data: new Uint8Array(bytes) }
}

function append(to: NodeId): Append {
  return { type: 'appendEntries', from: 'n1', to, term: 2, session: 1, after: { term: 0, index: 0 }, entries: [], commit: 0 }
}

/** The indices of its entries, and how far it tells to commit if that is all. */
function rangeOf({ after, entries, commit }: Append): string {
  if (entries.length === 0) return `commit ${commit}`
  expect(entries.map(entry => entry.index)).toEqual(entries.map((_, at) => after.index + 1 + at))
  return entries.length === 1 ? `${after.index + 1}` : `${after.index + 1}-${after.index + entries.length}`
}

function notice(to: NodeId, index: number): Append {
  return { ...append(to), after: { term: 2, index }, commit: index }
}

function heartbeat(to: NodeId): Message {
  return { type: 'heartbeat', from: 'n1', to, term: 2, commit: 0, readToken: 1 }
}

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

/** For 300 ms an entry each fifth of a millisecond; each of these has it so many milliseconds after it was sent. Who gets the one after these? */
async function serve(delays: Readonly<Record<NodeId, number>>): Promise<string[]> {
  const leader = new Leader(['n1', 'n2', 'n3'])
  const onTheirWay: { at: number; from: NodeId; index: number }[] = []
  for (let i = 0; i < 1_500; i++) {
    leader.propose(Object.keys(delays))
    for (const { to, after, entries } of leader.sent.splice(0) as Append[])
      onTheirWay.push({ at: leader.clock.now() + delays[to]!, from: to, index: after.index + entries.length })
    await leader.clock.run(0.2)
    onTheirWay.sort((a, b) => a.at - b.at)
    while (onTheirWay[0] !== undefined && onTheirWay[0].at <= leader.clock.now()) {
      const { from, index } = onTheirWay.shift()!
      leader.thrifty.acknowledged(from, index)
      leader.commit = Math.max(leader.commit, index)
    }
  }
  leader.propose(Object.keys(delays))
  return leader.news()
}

test.each([
  [3, ['n3 1501']],
  [0.6, ['n2 1501']],
])(
  'who takes %f ms, and the other one 0.3: it stays needed only if that is not much slower, however often commands come',
  async (ms, sentTo) => {
    expect((await serve({ n2: ms, n3: 0.3 })).filter(each => each.endsWith(' 1501'))).toEqual(sentTo)
  },
)

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

/** A leader that has sent everything to everybody, and was answered so, each time in this order. */
function answered(voters: NodeId[], orders: NodeId[][], more: Partial<Membership> = {}): Leader {
  const leader = new Leader(voters, more)
  const others = [...voters.filter(id => id !== 'n1'), ...(more.learners ?? [])]
  leader.pays = false
  for (const order of orders) {
    leader.propose(others)
    const quorum = Math.floor(voters.length / 2)
    for (const [at, id] of order.entries()) {
      leader.thrifty.acknowledged(id, leader.last)
      const voted = order.slice(0, at + 1).filter(id => voters.includes(id))
      if (voted.length >= quorum) leader.commitAll()
    }
  }
  leader.news()
  leader.pays = true
  leader.propose(others)
  return leader
}

test('who was mostly among the first to answer gets entries at once afterwards', () => {
  expect(
    answered(
      ['n1', 'n2', 'n3'],
      [
        ['n3', 'n2'],
        ['n3', 'n2'],
        ['n2', 'n3'],
      ],
    ).news(),
  ).toEqual(['n3 4'])
  const five = ['n1', 'n2', 'n3', 'n4', 'n5']
  const always = ['n3', 'n5', 'n4', 'n2']
  expect(answered(five, [always, always]).news()).toEqual(['n3 3', 'n5 3'])
})

test('a learner that answers first takes nothing away from voters', () => {
  const order = ['n4', 'n3', 'n2']
  expect(answered(['n1', 'n2', 'n3'], [order, order], { learners: ['n4'] }).news()).toEqual(['n3 3'])
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

test('nor is it, where commands come seldom', async () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.propose(['n2', 'n3'])
  await leader.clock.run(5)
  leader.commitAll(['n3'])
  await leader.clock.run(500)
  leader.news()
  leader.propose(['n2', 'n3'])
  expect(leader.news()).toEqual(['n3 2'])
})

test.each<[string, (leader: Leader) => void]>([
  ['in such a mass that they cannot wait', leader => leader.propose(['n2', 'n3'], 64 * 1024)],
  ['with something else that takes them along', leader => leader.thrifty.send(heartbeat('n3'))],
])('nor where commands come %s: who has them sooner though it was sent them later shows it', async (_what, goOn) => {
  for (const [waitedMs, sentTo] of [
    [1, ['n2', 'n3']],
    [0, ['n2']],
  ] as const) {
    const leader = new Leader(['n1', 'n2', 'n3'])
    leader.propose(['n2', 'n3'])
    await leader.clock.run(waitedMs)
    goOn(leader)
    leader.commitAll(['n3'])
    leader.news()
    leader.propose(['n2', 'n3'])
    expect(leader.news()).toEqual(sentTo.map(id => `${id} ${leader.last}`))
  }
})

test('commands that come often are no reason to doubt, nor are answers to what was sent to all, nor learners', async () => {
  const leader = new Leader(['n1', 'n2', 'n3'], { learners: ['n4'] })
  leader.pays = false
  leader.propose(['n2', 'n3', 'n4'])
  leader.pays = true
  leader.propose(['n2', 'n3', 'n4'])
  leader.thrifty.acknowledged('n3', 1)
  await leader.clock.run(2)
  leader.thrifty.send(heartbeat('n4'))
  leader.thrifty.acknowledged('n4', 2)
  for (let i = 0; i < 20; i++) leader.propose(['n2', 'n3'])
  leader.news()
  leader.propose(['n2', 'n3'])
  expect(leader.news()).toEqual(['n2 23'])
})

test('nor are answers to what had hardly waited', async () => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  leader.propose(['n2', 'n3'])
  await leader.clock.run(0.5)
  leader.propose(['n2', 'n3'])
  await leader.clock.run(0.5)
  leader.thrifty.send(heartbeat('n3'))
  leader.commit = 1
  leader.thrifty.acknowledged('n3', 2)
  leader.news()
  leader.propose(['n2', 'n3'])
  expect(leader.news()).toEqual(['n2 3'])
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

test.each([1, 3])('nothing leaves once it is stopped (%i messages)', async count => {
  const leader = new Leader(['n1', 'n2', 'n3'])
  await stream(leader, count, 2)
  leader.news()
  leader.thrifty.stop()
  await leader.clock.run(100)
  expect(leader.news()).toEqual([])
})
