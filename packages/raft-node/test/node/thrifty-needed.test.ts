import type { Membership, NodeId } from 'raft-core'
import { expect, test } from 'vitest'
import { type Append, heartbeat, Leader } from './thrifty-leader.ts'

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
