// The client against the server itself: what each of them means by the API.
import { KvClient } from 'kv-client'
import { describe, expect, it } from 'vitest'
import { serve } from './support/serve.ts'

async function both(options: Parameters<typeof serve>[0] = {}) {
  const server = await serve(options)
  return {
    server,
    client: new KvClient({ endpoints: [`127.0.0.1:${server.port}`], token: 'token-for-the-tests' }),
    [Symbol.dispose]: server[Symbol.dispose],
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

const bytes = Uint8Array.of(0, 255, 37)

describe('the client, with a server', () => {
  it('reads and writes text and bytes', async () => {
    using two = await both()
    const { client } = two
    expect(await client.set(bytes, bytes)).toEqual({ revision: 11 })
    expect(await client.getBytes(bytes)).toEqual(bytes)
    await expect(client.get(bytes)).rejects.toMatchObject({ code: 'NOT_TEXT' })
    expect(await client.entry(bytes)).toEqual({ key: bytes, value: bytes, created: 11, modified: 11, version: 1 })
    expect(
      await client.setAll([
        ['a', '1'],
        ['__proto__', '2'],
      ]),
    ).toEqual({ revision: 12 })
    expect([await client.get('a'), await client.get('__proto__'), await client.get('b'), await client.entry('b')]).toEqual([
      '1',
      '2',
      undefined,
      undefined,
    ])
    expect(await client.delete('a')).toEqual({ revision: 13, deleted: true })
    expect(await client.delete('a')).toEqual({ revision: 14, deleted: false })
    expect(await client.deletePrefix('')).toEqual({ revision: 15, deleted: 2 })
  })

  it('lists page by page, in order', async () => {
    using two = await both()
    const { client } = two
    await client.setAll(Array.from({ length: 10 }, (_, n) => [`k${n}`, String(n)] as const))
    await client.set('other', 'x')
    const listed = await all(client.list({ prefix: 'k', from: 'k2', to: 'k8', limit: 5, pageSize: 2 }))
    expect(listed.map(({ key, value }) => [key, value])).toEqual(['2', '3', '4', '5', '6'].map(n => [`k${n}`, n]))
    expect((await all(client.keys({ prefix: 'k', pageSize: 3 }))).map(({ key }) => key)).toHaveLength(10)
    expect(await client.page({ prefix: 'o', keysOnly: true })).toMatchObject({ revision: 12, items: [{ key: 'other' }], next: null })
  })

  it('compares and sets', async () => {
    using two = await both()
    const { client } = two
    expect(await client.cas('a', 'absent', '1')).toEqual({ swapped: true, revision: 11 })
    expect(await client.cas('a', 'absent', '2')).toMatchObject({ swapped: false, current: { value: '1', modified: 11 } })
    expect(await client.cas('a', { revision: 11 }, bytes)).toMatchObject({ swapped: true })
    expect(await client.cas('a', { value: bytes }, '3')).toMatchObject({ swapped: true })
    expect(await client.cas('b', { revision: 11 }, '3')).toEqual({ swapped: false, revision: 15, current: undefined })
    const { succeeded, results } = await client.txn({
      compare: [{ key: 'a', target: 'value', value: '3' }],
      success: [{ op: 'get', key: 'a' }],
    })
    expect([succeeded, results]).toMatchObject([true, [{ op: 'get', item: { value: '3' } }]])
  })

  it('repeats a write with the same idempotency key without doing it again', async () => {
    using two = await both()
    const { client } = two
    const first = await client.set('a', '1', { idempotencyKey: 'once' })
    expect(await client.set('a', '1', { idempotencyKey: 'once' })).toEqual(first)
    await expect(client.set('a', '2', { idempotencyKey: 'once' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', status: 422 })
  })

  it('watches a key, and what begins with a prefix', async () => {
    using two = await both()
    const { client } = two
    for (const key of ['a', 'ab', 'b', 'a']) await client.set(key, key)
    const take = async (options: Parameters<typeof client.watch>[0]) => {
      const seen: unknown[] = []
      for await (const { revision, changes } of client.watch({ since: 10, ...options })) {
        seen.push([revision, changes[0]?.key])
        if (seen.length === 2) return seen
      }
    }
    expect(await take({ key: 'a' })).toEqual([
      [11, 'a'],
      [14, 'a'],
    ])
    expect(await take({ prefix: 'a' })).toEqual([
      [11, 'a'],
      [12, 'ab'],
    ])
  })

  it('holds leases and locks', async () => {
    using two = await both()
    const { client } = two
    const lease = await client.leases.hold(60_000)
    await client.set('mine', '1', { lease: lease.id })
    expect(await client.leases.get(lease.id)).toMatchObject({ ttlMs: 60_000, keys: 1 })
    expect(await client.leases.list()).toHaveLength(1)
    await lease.revoke()
    expect([await client.get('mine'), await client.leases.get(lease.id)]).toEqual([undefined, undefined])

    const lock = await client.locks.acquire('job', { value: 'here' })
    await expect(client.locks.acquire('job', { waitMs: 0 })).rejects.toMatchObject({ code: 'LOCK_BUSY' })
    const next = client.locks.acquire('job')
    await expect.poll(async () => (await client.locks.get('job')).waiting).toBe(1)
    expect(await client.locks.list()).toMatchObject([{ name: 'job', holder: { value: 'here', token: lock.token } }])
    await lock.release()
    const second = await next
    expect(second.token).toBeGreaterThan(lock.token)
    await second.release()
    expect((await client.locks.get('job')).holder).toBe(null)
  })

  it('operates, with a token that may', async () => {
    using two = await both({ tokens: 'admin test token-for-the-tests\nread other token-of-the-other' })
    const { client, server } = two
    expect(await client.members()).toMatchObject({ leader: { id: 'n1' } })
    expect(await client.admin.createJoinSecret({ ttlMs: 1_000 })).toMatchObject({ secret: expect.stringMatching(/^join-/) })
    expect(await client.admin.ready()).toEqual({ healthy: true, text: expect.stringContaining('[+]leader ok') })
    server.node.leaderId = undefined
    server.node.members = server.node.members.slice(0, 1)
    expect(await client.admin.ready()).toMatchObject({ healthy: false, text: expect.stringContaining('[-]leader failed') })
    expect(await client.admin.live()).toMatchObject({ healthy: true })
    expect(await client.admin.metrics()).toContain('raft_has_leader 0')
    const stranger = new KvClient({ endpoints: client.endpoints, token: 'token-of-the-other' })
    await expect(stranger.admin.remove('n2')).rejects.toMatchObject({ code: 'FORBIDDEN', status: 403 })
    await expect(client.admin.promote('n9')).rejects.toMatchObject({ code: 'MEMBER_NOT_FOUND' })
  })

  it('downloads a snapshot and restores it', async () => {
    using two = await both()
    const { client } = two
    await client.setAll([
      ['a', '1'],
      ['b', '2'],
    ])
    const snapshot = new Uint8Array(await new Response(await client.admin.downloadSnapshot()).arrayBuffer())
    await client.deletePrefix('')
    expect(await client.admin.restoreSnapshot(snapshot)).toMatchObject({ keys: 2 })
    expect(await client.get('b')).toBe('2')
    await expect(client.admin.restoreSnapshot(new Blob(['nonsense']).stream())).rejects.toMatchObject({ code: 'INVALID_SNAPSHOT' })
  })
})
