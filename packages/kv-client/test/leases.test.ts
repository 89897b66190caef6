import { describe, expect, it } from 'vitest'
import { KvClient } from '../src/index.ts'
import { ok, type Respond, refuse, scripted } from './support.ts'

const granted = ok({ revision: 7, lease: 7, ttlMs: 300 })
/** Answers of a node, by path. */
const routes =
  (answers: Readonly<Record<string, Respond>>): Respond =>
  (seen, response, request) => {
    const answer = answers[`${seen.method} ${seen.url}`] ?? refuse(404, 'NOT_FOUND')
    answer(seen, response, request)
  }

describe('a held lease', () => {
  it('is renewed until it is revoked', async () => {
    using server = await scripted(
      routes({
        'POST /v1/leases': granted,
        'POST /v1/leases/7/keep-alive': granted,
        'DELETE /v1/leases/7': ok({ revision: 9, deleted: 0 }),
      }),
    )
    const lease = await new KvClient({ endpoints: [server.endpoint] }).leases.hold(900)
    const renewals = () => server.seen.filter(({ url }) => url?.endsWith('keep-alive')).length
    await expect.poll(renewals, { timeout: 5_000 }).toBe(3)
    expect([lease.id, lease.lost.aborted]).toEqual([7, false])
    await lease.revoke()
    await new Promise(resolve => setTimeout(resolve, 400))
    expect(server.seen.at(-1)?.method).toBe('DELETE')
    expect(lease.lost.aborted).toBe(false)
  })

  it.each([
    ['the cluster says that it has ended', refuse(404, 'LEASE_NOT_FOUND')],
    ['no renewal is answered', () => {}],
  ])('is lost when %s', async (_, keepAlive) => {
    using server = await scripted(routes({ 'POST /v1/leases': granted, 'POST /v1/leases/7/keep-alive': keepAlive }))
    const began = performance.now()
    const lease = await new KvClient({ endpoints: [server.endpoint] }).leases.hold(300)
    await expect.poll(() => lease.lost.aborted).toBe(true)
    expect(performance.now() - began).toBeLessThan(700)
    expect(lease.lost.reason).toMatchObject({ code: 'LEASE_LOST' })
  })
})

describe('a lease for longer than a timer can be', () => {
  it('is kept', async () => {
    using server = await scripted(routes({ 'POST /v1/leases': granted }))
    const lease = await new KvClient({ endpoints: [server.endpoint] }).leases.hold(60 * 24 * 60 * 60 * 1000)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect([lease.lost.aborted, server.seen.length]).toEqual([false, 1])
    lease.stop()
  })
})

describe('a lock', () => {
  const waiting: Respond = (_, response) => response.writeHead(202).end('{"state":"waiting","ahead":1,"revision":8}')
  const held = ok({ state: 'held', token: 8, revision: 8 })
  const lease = {
    'POST /v1/leases': granted,
    'POST /v1/leases/7/keep-alive': granted,
    'DELETE /v1/leases/7': ok({ revision: 9, deleted: 0 }),
  }

  it('is asked for until it is held, and given up with its lease', async () => {
    let asked = 0
    const lock: Respond = (seen, response, request) => (++asked === 1 ? waiting : held)(seen, response, request)
    const release = { 'DELETE /v1/locks/deploy%20it?lease=7': ok({ revision: 9, released: true }) }
    using server = await scripted(routes({ ...lease, ...release, 'POST /v1/locks/deploy%20it': lock }))
    const client = new KvClient({ endpoints: [server.endpoint] })
    {
      await using mine = await client.locks.acquire('deploy it', { ttlMs: 60_000, value: 'me' })
      expect([mine.token, mine.lost.aborted]).toEqual([8, false])
    }
    const asks = server.seen.filter(({ url }) => url === '/v1/locks/deploy%20it')
    expect(asks.map(({ body }) => JSON.parse(body))).toEqual(Array(2).fill({ lease: 7, waitMs: 20_000, value: 'me' }))
    expect(server.seen.slice(-2).map(({ method, url }) => `${method} ${url}`)).toEqual([
      'DELETE /v1/locks/deploy%20it?lease=7',
      'DELETE /v1/leases/7',
    ])
  })

  it('that is busy is no longer waited for', async () => {
    using server = await scripted(routes({ ...lease, 'POST /v1/locks/a': waiting }))
    const acquired = new KvClient({ endpoints: [server.endpoint] }).locks.acquire('a', { waitMs: 0 })
    await expect(acquired).rejects.toMatchObject({ code: 'LOCK_BUSY', message: 'another holds the lock: try again later, or wait longer' })
    expect(server.seen.at(-1)).toMatchObject({ method: 'DELETE', url: '/v1/leases/7' })
  })

  it('is no longer waited for when the caller says so', async () => {
    using server = await scripted(routes({ ...lease, 'POST /v1/locks/a': () => {} }))
    const signal = AbortSignal.timeout(100)
    await expect(new KvClient({ endpoints: [server.endpoint] }).locks.acquire('a', { signal })).rejects.toThrow()
    expect(server.seen.at(-1)).toMatchObject({ method: 'DELETE', url: '/v1/leases/7' })
  })
})
