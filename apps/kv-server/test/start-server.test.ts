import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { StatusResponse } from 'kv-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KvServer } from '../src/index.ts'
import { TestCluster } from './support/cluster.ts'

let cluster: TestCluster
beforeEach(async () => {
  cluster = await TestCluster.create(3)
})
afterEach(() => cluster[Symbol.asyncDispose]())

const url = (server: KvServer, path: string) => `http://${server.httpAddress}${path}`
const set = (server: KvServer, body: object) => fetch(url(server, '/key'), { method: 'POST', body: JSON.stringify(body) })
const get = async (server: KvServer, key: string) => (await fetch(url(server, `/key/${key}`))).text()
const status = async (server: KvServer) => (await (await fetch(url(server, '/v1/status'))).json()) as StatusResponse

async function becomeVoters(server: KvServer, count: number): Promise<void> {
  await expect.poll(async () => (await status(server)).quorum.voters, { timeout: 10_000 }).toBe(count)
}

describe('startServer', () => {
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

  it('takes snapshots and starts from them', async () => {
    const one = await cluster.start(1, { snapshotEntries: 50, trailingEntries: 10 })
    for (let count = 0; count < 120; count++) await set(one, { [`k${count % 7}`]: String(count) })
    await expect.poll(async () => (await status(one)).snapshotIndex).toBeGreaterThan(90)
    expect((await status(one)).first).toBeGreaterThan(50)
    await cluster.stop(one)
    const again = await cluster.start(1)
    expect(await get(again, 'k0')).toBe('{"k0":"119"}')
  })

  it('answers what is in progress when it closes', async () => {
    const one = await cluster.start(1)
    const writes = Array.from({ length: 20 }, (_, place) => set(one, { [`k${place}`]: 'v' }))
    await expect.poll(async () => (await status(one)).keys).toBeGreaterThan(0)
    const [answers] = await Promise.all([Promise.allSettled(writes), cluster.stop(one)])
    expect(answers.every(answer => answer.status === 'fulfilled' && answer.value.status === 200)).toBe(true)
    expect(one.close()).toBe(one.close())
    await expect(fetch(url(one, '/livez'))).rejects.toThrow()
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
})

describe('a start that fails', () => {
  const occupy = async (address: string) => {
    const server = createServer()
    const port = Number(address.split(':')[1])
    await new Promise<void>(listening => server.listen(port, '127.0.0.1', listening))
    return { [Symbol.dispose]: () => server.close() }
  }

  it.each(['http', 'raft'] as const)('because the %s port is in use, leaves nothing behind', async which => {
    const place = cluster.place(1)
    {
      using _ = await occupy(place[which])
      await expect(cluster.start(1)).rejects.toMatchObject({ code: 'ADDRESS_IN_USE', message: expect.stringContaining(`${which} address`) })
    }
    expect(existsSync(place.dir)).toBe(false)
    await cluster.start(1)
  })

  it.each([
    ['http address', { http: 'nonsense' }],
    ['raft address', { raft: 'nonsense' }],
    ['join address', { join: ['nonsense'] }],
    ['id', { id: 'no spaces' }],
  ])('because of a bad %s, says so and leaves nothing behind', async (_, options) => {
    await expect(cluster.start(1, options)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    expect(existsSync(cluster.place(1).dir)).toBe(false)
  })

  it('because nobody listens at the join address, may be tried again', async () => {
    const start = () => cluster.start(2, { join: [cluster.place(1).http] })
    await expect(start()).rejects.toThrow(`nobody listens at ${cluster.place(1).http.replace('localhost', '127.0.0.1')}`)
    await cluster.start(1)
    await start()
  })

  it('because it was given the raft address to join, says so', async () => {
    await cluster.start(1)
    await expect(cluster.start(2, { join: [cluster.place(1).raft] })).rejects.toThrow('is not a node of a cluster')
  })

  it('because the folder is in use, says so', async () => {
    await cluster.start(1)
    await expect(cluster.start(2, { dir: cluster.place(1).dir })).rejects.toMatchObject({ code: 'FOLDER_IN_USE' })
  })

  it('because the folder is a file, says so', async () => {
    await mkdir(cluster.root, { recursive: true })
    await writeFile(cluster.place(1).dir, '')
    await expect(cluster.start(1)).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' })
  })

  it.skipIf(process.getuid?.() === 0)('because the folder is not writable, says so', async () => {
    await mkdir(cluster.place(1).dir, { recursive: true })
    await chmod(cluster.place(1).dir, 0o500)
    await expect(cluster.start(1)).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' })
  })
})
