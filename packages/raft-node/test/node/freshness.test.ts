import type { Message, Raft, RoleName } from 'raft-core'
import { describe, expect, test } from 'vitest'
import { Freshness } from '../../src/freshness.ts'
import { Members } from '../../src/members.ts'
import type { PeerMessage } from '../../src/ports.ts'
import { Cluster } from './cluster.ts'

const three = { voters: ['n1', 'n2', 'n3'], outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] }

/** A node as far as the age of its data goes; its clock shows another time than the others'. */
function node(id: string, { origin = 0, start = id }: { origin?: number; start?: string } = {}) {
  const world = { role: 'follower' as RoleName, term: 3, commit: 10, applied: { term: 3, index: 10 }, now: 0 }
  const members = new Members()
  members.change(three, 1, [])
  const freshness = new Freshness({
    raft: world as unknown as Raft,
    clock: { now: () => origin + world.now, after: () => ({ cancel() {} }), random: () => 0, uniqueId: () => '' },
    members,
    self: id,
    clockDrift: 0,
    applied: () => world.applied,
    start: Buffer.from(start).toString('hex').padEnd(32, '0'),
  })
  return { id, world, freshness }
}
type Node = ReturnType<typeof node>

function heartbeat(from: Node, to: Node): PeerMessage {
  const message: Message = { type: 'heartbeat', from: from.id, to: to.id, term: from.world.term, commit: 0, readToken: 0 }
  return from.freshness.sign(message)
}
function answer(from: Node, to: Node, more: { repairing?: true; term?: number } = {}): PeerMessage {
  const message: Message = { type: 'heartbeatReply', from: from.id, to: to.id, term: from.world.term, readToken: 0, ...more }
  return from.freshness.sign(message)
}

/** A leader and a follower whose clocks have nothing to do with each other, and the time that passes for both. */
function pair() {
  const [leader, follower] = [node('n1', { origin: 5_000_000 }), node('n2', { origin: 70 })]
  leader.world.role = 'leader'
  const pass = (ms: number) => {
    leader.world.now += ms
    follower.world.now += ms
  }
  /** A heartbeat and its answer, each of which takes so long. */
  const round = (each = 1) => {
    const sent = heartbeat(leader, follower)
    pass(each)
    follower.freshness.receive(sent)
    const answered = answer(follower, leader)
    pass(each)
    leader.freshness.receive(answered)
  }
  return { leader, follower, pass, round }
}

describe('the age of data', () => {
  test('is not known before a majority has answered, nor before the leader has committed in its own term', () => {
    const { leader, follower, round } = pair()
    leader.world.applied = { term: 2, index: 10 }
    round()
    round()
    expect([leader.freshness.ageMs, follower.freshness.ageMs]).toEqual([undefined, undefined])
    leader.world.applied = { term: 3, index: 11 }
    expect(leader.freshness.ageMs).toBe(2) // since the second round was sent
    round()
    expect(follower.freshness.ageMs).toBeDefined()
  })

  test('runs from when the newest heartbeats were sent that a majority has answered, by the own clock, and counts the way', () => {
    const { leader, follower, pass, round } = pair()
    round()
    pass(100)
    round(20) // sent 140 ms after the first
    expect(leader.freshness.ageMs).toBe(40)
    // The first was answered 1 ms after it was sent, and that came 1 ms later: by its own clock the follower knows no more than that.
    expect(follower.freshness.ageMs).toBe(20 + 20 + 100 + 1 + 2)
    pass(1_000)
    expect([leader.freshness.ageMs, follower.freshness.ageMs]).toEqual([1_040, 1_143])
  })

  test('goes on while something is missing that the leader has committed, however often it is heard of', () => {
    const { leader, follower, pass, round } = pair()
    round()
    round()
    const before = follower.freshness.ageMs!
    leader.world.commit = leader.world.applied.index = 50
    for (let heard = 1; heard <= 10; heard++) {
      pass(100)
      round()
    }
    expect(follower.freshness.ageMs).toBeGreaterThanOrEqual(before + 1_000)
    follower.world.applied = { term: 3, index: 49 }
    expect(follower.freshness.ageMs).toBeGreaterThanOrEqual(before + 1_000)
    follower.world.applied = { term: 3, index: 50 }
    expect(follower.freshness.ageMs).toBeLessThan(200)
  })

  test('is that of the leader with a leader that nobody else answers', () => {
    const { leader, follower, pass, round } = pair()
    const third = node('n3')
    round()
    for (let beat = 0; beat < 10; beat++) {
      pass(100)
      const sent = heartbeat(leader, third)
      third.freshness.receive(sent)
    }
    expect(third.freshness.ageMs).toBeUndefined() // it was never answered by this one
    expect(leader.freshness.ageMs).toBeGreaterThanOrEqual(1_000)
    leader.freshness.receive(answer(third, leader)) // with a majority again
    expect(leader.freshness.ageMs).toBe(0)
    expect(follower.freshness.ageMs).toBeUndefined()
  })

  test('is not told by what a clock showed before a restart', () => {
    const { leader, follower, pass, round } = pair()
    round()
    pass(100)
    const again = node('n2', { origin: 1_000, start: 'again' })
    again.freshness.receive(heartbeat(leader, follower))
    expect(again.freshness.ageMs).toBeUndefined()
  })

  test('is not told by an answer that a later term has overtaken, nor by a node that repairs its log', () => {
    const { leader, follower } = pair()
    follower.freshness.receive(heartbeat(leader, follower))
    follower.world.term = 4 // it has voted since
    expect(answer(follower, leader, { term: 3 }).freshness).toBeUndefined()
    follower.world.term = 3
    leader.freshness.receive(answer(follower, leader, { repairing: true }))
    expect(leader.freshness.ageMs).toBeUndefined()
    leader.freshness.receive(answer(follower, leader))
    expect(leader.freshness.ageMs).toBe(0)
  })
})

test('with a steady leader data are at most three ticks old on every member, and get older where it is cut off', async () => {
  const cluster = new Cluster()
  const [n1, n2, n3] = await cluster.found(3)
  await cluster.set(n1!, 'a')
  await cluster.clock.run(300)
  for (const { node } of [n1!, n2!, n3!]) expect(node.ageMs).toBeLessThanOrEqual(300)
  for (const other of ['n1:1', 'n2:1']) cluster.network.cut('n3:1', other)
  await cluster.clock.run(5_000)
  expect(n2!.node.ageMs).toBeLessThanOrEqual(300)
  expect(n3!.node.ageMs).toBeGreaterThanOrEqual(5_000)
  const refused = { code: 'TOO_STALE', outcome: 'not-applied', message: expect.stringContaining("this node's data may be 5") }
  await expect(n3!.node.read({ consistency: 'stale', maxAgeMs: 1_000 })).rejects.toMatchObject(refused)
  expect(await n2!.node.read({ consistency: 'stale', maxAgeMs: 1_000 })).toBe(n2!.node.applied)
  cluster.network.heal()
  await cluster.clock.until(() => n3!.node.ageMs! <= 300)
  await cluster.closeAll()
})

test('a leader that is cut off knows that its data get older, and so does who still follows it', async () => {
  const cluster = new Cluster()
  const members = await cluster.found(5)
  const [n1, n2, ...others] = members
  await cluster.set(n1!, 'a')
  await cluster.clock.run(300)
  for (const a of ['n1:1', 'n2:1']) for (const b of ['n3:1', 'n4:1', 'n5:1']) cluster.network.cut(a, b)
  await cluster.clock.run(900) // n1 leads on: it looks after its quorum once in an election timeout
  expect(n1!.node.role).toBe('leader')
  for (const { node } of [n1!, n2!]) expect(node.ageMs).toBeGreaterThanOrEqual(900)
  await cluster.clock.until(() => others.some(({ node }) => node.role === 'leader'))
  await cluster.clock.run(1_000)
  for (const { node } of others) expect(node.ageMs).toBeLessThanOrEqual(300)
  cluster.network.heal()
  await cluster.closeAll()
})

test('the only voter is always up to date', async () => {
  const cluster = new Cluster()
  const [n1] = await cluster.found(1)
  await cluster.set(n1!, 'a')
  expect(n1!.node.ageMs).toBeLessThan(1)
  await cluster.closeAll()
})
