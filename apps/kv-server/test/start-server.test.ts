import { existsSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TestCluster } from './support/cluster.ts'
import { get, set, status, url } from './support/http.ts'

let cluster: TestCluster
beforeEach(async () => {
  cluster = await TestCluster.create(3)
})
afterEach(() => cluster[Symbol.asyncDispose]())

describe('one server', () => {
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
})

describe('ports', () => {
  it('that are 0 become free ones, of which the id is made', async () => {
    const one = await cluster.start(1, { http: 'localhost:0', raft: ':0' })
    expect(one.httpAddress).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
    expect(one.raftAddress).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
    expect(one.node.identity.nodeId).toBe(one.raftAddress)
    expect(one.node.status().clientAddress).toBe(one.httpAddress)
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
    ['raft address, which is the http address', { http: 'localhost:18999', raft: ':18999' }],
    ['id', { id: 'no spaces' }],
    ['replace without join', { replace: true }],
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
