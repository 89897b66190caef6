import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestCluster } from './support/cluster.ts'
import { becomeVoters, get, set, status, url } from './support/http.ts'

let cluster: TestCluster
beforeEach(async () => {
  cluster = await TestCluster.create(3)
})
afterEach(() => cluster[Symbol.asyncDispose]())

describe('three servers', () => {
  it("does the workshop's exercise", async () => {
    const one = await cluster.start(1)
    expect(one.raftAddress).toBe(cluster.place(1).raft.replace('localhost', '127.0.0.1'))
    expect(one.node.identity.nodeId).toBe(one.raftAddress)
    expect((await set(one, { foo: 'bar' })).status).toBe(200)
    expect(await get(one, 'foo')).toBe('{"foo":"bar"}')

    const two = await cluster.start(2, { join: [cluster.place(1).http], nonLeader: 'reject' })
    const three = await cluster.start(3, { join: [cluster.place(2).http] }) // which does not lead
    await becomeVoters(one, 3)

    const rejected = await fetch(url(two, '/key/foo'))
    expect(rejected.status).toBe(500)
    expect(Object.fromEntries(rejected.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'x-raft-leader': one.raftAddress,
      'content-length': '11',
    })
    expect(await rejected.text()).toBe('not leader\n')

    expect((await set(three, { foo: 'baz', __proto__x: '1' })).status).toBe(200)
    expect(await get(one, 'foo')).toBe('{"foo":"baz"}')
    expect(await get(three, 'foo')).toBe('{"foo":"baz"}')
    expect((await fetch(url(three, '/readyz?verbose'))).status).toBe(200)
    expect(await status(one)).toMatchObject({ role: 'leader', quorum: { voters: 3, needed: 2, reachable: 3, failureTolerance: 1 } })
  })

  it('goes on when the leader closes, and finds its data when it comes back', async () => {
    const one = await cluster.start(1)
    const two = await cluster.start(2, { join: [cluster.place(1).http] })
    await cluster.start(3, { join: [cluster.place(1).http] })
    await becomeVoters(one, 3)
    await set(one, { before: '1' })

    const began = performance.now()
    await cluster.stop(one)
    expect(performance.now() - began).toBeLessThan(2_000)
    expect((await set(two, { after: '2' })).status).toBe(200)

    const again = await cluster.start(1, { join: [cluster.place(2).http] }) // not needed, does no harm
    expect(again.node.identity.nodeId).toBe(one.node.identity.nodeId)
    expect(await get(again, 'before')).toBe('{"before":"1"}')
    expect(await get(again, 'after')).toBe('{"after":"2"}')
  })

  it('refuses to let an empty folder in under a member, unless it replaces it', async () => {
    const one = await cluster.start(1)
    const two = await cluster.start(2, { join: [cluster.place(1).http] })
    await cluster.start(3, { join: [cluster.place(1).http] })
    await becomeVoters(one, 3)
    await cluster.stop(two)

    const dir = join(cluster.root, 'other')
    const refused = cluster.start(2, { join: [cluster.place(1).http], dir })
    await expect(refused).rejects.toMatchObject({ code: 'WIPED_MEMBER', message: expect.stringContaining('raftctl node join --replace') })
    const replacing = await cluster.start(2, { join: [cluster.place(1).http], dir, replace: true })
    expect(replacing.node.identity.nodeId).toBe(`${two.node.identity.nodeId}~2`)
    await becomeVoters(one, 3)
    await set(one, { foo: 'bar' })
    expect(await get(replacing, 'foo')).toBe('{"foo":"bar"}')
  })

  it('refuse clients at a node that lost its folder and founded a cluster of its own', async () => {
    const one = await cluster.start(1)
    const two = await cluster.start(2, { join: [cluster.place(1).http] })
    await cluster.start(3, { join: [cluster.place(1).http] })
    await becomeVoters(one, 3)
    await cluster.stop(one)

    const founder = await cluster.start(1, { dir: join(cluster.root, 'empty') })
    await expect.poll(async () => (await fetch(url(founder, '/key/foo'))).status, { timeout: 5_000 }).toBe(409)
    const refused = await (await fetch(url(founder, '/key/foo?consistency=stale'))).json()
    expect(refused).toMatchObject({ error: { code: 'WIPED_MEMBER', message: expect.stringContaining('raftctl node join --replace') } })
    expect((await set(two, { foo: 'bar' })).status).toBe(200)
  })

  it('replicate a request as large as a request may be', async () => {
    const one = await cluster.start(1)
    const two = await cluster.start(2, { join: [cluster.place(1).http] })
    await becomeVoters(one, 2)
    const value = 'x'.repeat(1024 * 1024)
    const pairs = Object.fromEntries([...'abcdefg'].map(key => [key, value]))
    expect((await set(two, { ...pairs, h: value.slice(1_000) })).status).toBe(200)
    expect(await get(two, 'g')).toBe(`{"g":"${value}"}`)
  })
})
