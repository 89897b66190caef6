import { describe, expect, test } from 'vitest'
import type { JoinAnswer, JoinRequest } from '../../src/api.ts'
import type { Engine } from '../../src/engine.ts'
import { PeerGate } from '../../src/peer-gate.ts'
import { Cluster } from './cluster.ts'

const moments = Array.from({ length: 14 }, (_, ms) => ms)

describe('a crash while starting', () => {
  test.each(moments)('%i ms into founding: the same command founds it', async ms => {
    const cluster = new Cluster()
    const cutShort = cluster.begin('n1', { bootstrap: true })
    cutShort.catch(() => {})
    await cluster.clock.run(ms)
    cluster.disks.get('n1')!.crash()
    await cluster.network.at('n1:1')?.close()
    const incarnation = cluster.disks.get('n1')!.identity?.incarnation

    const n1 = await cluster.start('n1', { bootstrap: true })
    if (incarnation !== undefined) expect(n1.node.identity.incarnation).toBe(incarnation)
    await cluster.clock.outcome(n1.node.waitForLeader())
    expect(await cluster.set(n1, 'a')).toBe('a is number 1')
    await cluster.closeAll()
  })

  test.each(moments)('%i ms into joining: the same command gets in, as one member', async ms => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    await cluster.set(n1!, 'a')
    const join = (request: JoinRequest) => n1!.node.membership.join(request)
    const cutShort = cluster.begin('n2', { join })
    cutShort.catch(() => {})
    await cluster.clock.run(ms)
    cluster.disks.get('n2')!.crash()
    await cluster.network.at('n2:1')?.close()

    const n2 = await cluster.start('n2', { join })
    await cluster.clock.until(() => n1!.node.status().membership.voters.length === 2)
    expect(n1!.node.status().members.map(({ id }) => id)).toEqual(['n1', 'n2'])
    expect(await cluster.get(n2)).toEqual(['a'])
    await cluster.closeAll()
  })
})

test('a restart tells the members once, and not every change that made them', async () => {
  const cluster = new Cluster()
  await cluster.found(3)
  cluster.kill('n3')
  const n3 = await cluster.start('n3')
  await cluster.clock.until(() => n3.node.leader() !== undefined)
  const told = n3.events.flatMap(event => (event.type === 'membership' ? [event.membership.voters.join()] : []))
  expect(told).toEqual(['n1,n2,n3'])
  await cluster.closeAll()
})

test('what a node says in its handshake counts entries that are still being saved', async () => {
  const identity = { clusterId: 'c', nodeId: 'n2', incarnation: 'i' }
  const gate = new PeerGate(identity, { last: { term: 0, index: 0 }, repairing: false, start: 's' }, () => {})
  const raft = { status: () => ({ saved: 4, first: 1, last: { term: 2, index: 6 }, repairing: false }) }
  gate.open({ engine: { raft, identity } as unknown as Engine<unknown>, answer: async body => body as never })
  // Their acknowledgement travels on another connection and may arrive before this: it must not look like an old folder's.
  expect(gate.hello().last).toEqual({ term: 2, index: 6 })
})

test('a new folder takes one way in, not none and not two', async () => {
  const cluster = new Cluster()
  await expect(cluster.start('n1')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  const join = () => Promise.reject(new Error('not asked'))
  await expect(cluster.start('n1', { bootstrap: true, join })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await cluster.start('n1', { bootstrap: true })
  cluster.kill('n1')
  // With a folder that has its cluster, neither flag does harm.
  await cluster.start('n1', { bootstrap: true, join })
  await cluster.closeAll()
})

test.each(['', 'a b', 'n1~2', 'x'.repeat(65), 'ü'])('%o cannot name a node', async id => {
  await expect(new Cluster().begin('n1', { id, bootstrap: true })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('a folder is held against what it acknowledged once in each of its starts', async () => {
  const identity = { clusterId: 'c', nodeId: 'n1', incarnation: 'i' }
  const gate = new PeerGate(identity, { last: { term: 0, index: 0 }, repairing: false, start: 's' }, () => {})
  const raft = { role: 'leader', commit: 9, status: () => ({ progress: [{ id: 'n2', match: 9 }] }) }
  const members = { wasRemoved: () => false, info: () => ({ incarnation: 'j' }) }
  gate.open({ engine: { raft, identity, members } as unknown as Engine<unknown>, answer: async body => body as never })
  const hello = (index: number, start: string, repairing = false) =>
    gate.admit({ clusterId: 'c', nodeId: 'n2', incarnation: 'j', last: { term: 2, index }, repairing, start })
  expect(hello(9, 'first')).toBe(undefined)
  // Sent before its acknowledgement of the rest, and overtaken by it.
  expect(hello(5, 'first')).toBe(undefined)
  expect(hello(5, 'second')).toBe('old-folder')
  expect(hello(5, 'second')).toBe('old-folder')
  expect(hello(5, 'third', true)).toBe(undefined)
})

test.each([
  ['an error of HTTP', { error: 'not the leader' }],
  ['nothing', undefined],
  ['no members', { clusterId: 'c', nodeId: 'n2' }],
  ['members of another kind', { clusterId: 'c', nodeId: 'n2', members: [{ id: 'n1' }] }],
  ['no cluster', { clusterId: '', nodeId: 'n2', members: [] }],
])('a join that is answered with %s is refused, and can be tried again', async (_what, answer) => {
  const cluster = new Cluster()
  const [n1] = await cluster.found(1)
  await expect(cluster.start('n2', { join: async () => answer as unknown as JoinAnswer })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(/answer to the join/),
  })
  await cluster.join('n2', n1!)
  await cluster.closeAll()
})

test('a folder that was let into one cluster is not let into another by its old name', async () => {
  const first = new Cluster()
  const [a] = await first.found(1)
  await first.join('n2', a!)
  first.kill('n2')
  const disk = first.disks.get('n2')!
  Object.assign(disk, { entries: [], snapshots: [] }) // nothing had come yet
  const other = { clusterId: 'another', nodeId: 'n2', members: [] }
  await expect(first.start('n2', { join: async () => other })).rejects.toMatchObject({
    code: 'OTHER_CLUSTER',
    message: expect.stringMatching(/^n2 was let into cluster .* as n2, and who was asked now belongs to cluster another: /),
  })
  await first.closeAll()
})
