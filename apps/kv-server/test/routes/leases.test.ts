import { describe, expect, it } from 'vitest'
import { serve } from '../support/serve.ts'

type Server = Awaited<ReturnType<typeof serve>>
async function grant(server: Server, ttlMs = 1_000): Promise<number> {
  return ((await server.ask('POST', '/v1/leases', JSON.stringify({ ttlMs }))).json() as { lease: number }).lease
}
const lock = (server: Server, name: string, body: object) => server.ask('POST', `/v1/locks/${name}`, JSON.stringify(body))

describe('/v1/leases', () => {
  it('are granted, shown, kept alive and revoked', async () => {
    using server = await serve()
    const lease = await grant(server)
    await server.ask('PUT', `/v1/kv/a?lease=${lease}`, '1')
    server.pass(100)
    server.pass(600)
    expect((await server.ask('GET', `/v1/leases/${lease}`)).json()).toEqual({ lease, ttlMs: 1_000, remainingMs: 501, keys: 1 })
    expect((await server.ask('POST', `/v1/leases/${lease}/keep-alive`)).json()).toEqual({ revision: 15, lease, ttlMs: 1_000 })
    expect((await server.ask('GET', '/v1/leases')).json()).toEqual({
      revision: 15,
      leases: [{ lease, ttlMs: 1_000, remainingMs: 1_000, keys: 1 }],
    })
    expect((await server.ask('DELETE', `/v1/leases/${lease}`)).json()).toEqual({ revision: 16, deleted: 1 })
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/keep-alive'],
    ] as const) {
      expect(await server.ask(method, `/v1/leases/${lease}${path}`)).toMatchObject({ status: 404, code: 'LEASE_NOT_FOUND' })
    }
  })

  it.each(['{}', '[]', '{"ttlMs":499}', '{"ttlMs":1e12}', '{"ttlMs":"1000"}', '{"ttlMs":1000.5}', 'null', ''])('refuse %s', async body => {
    using server = await serve()
    expect(await server.ask('POST', '/v1/leases', body)).toMatchObject({ status: 400, code: 'INVALID_BODY' })
    expect(server.node.writes).toBe(0)
  })

  it.each(['x', '-1', '1.5', '9999999999999999'])('are numbers, and %s is none', async lease => {
    using server = await serve()
    expect(await server.ask('GET', `/v1/leases/${lease}`)).toMatchObject({ status: 404 })
    expect(server.node.writes).toBe(0)
  })
})

describe('/v1/locks', () => {
  it('are held for a lease, one after the other', async () => {
    using server = await serve()
    const [a, b] = [await grant(server), await grant(server)]
    expect(await lock(server, 'l', { lease: a, value: 'one' })).toMatchObject({
      status: 200,
      text: '{"state":"held","token":13,"revision":13}\n',
    })
    expect(await lock(server, 'l', { lease: b })).toMatchObject({ status: 202, text: '{"state":"waiting","ahead":1,"revision":14}\n' })
    expect((await server.ask('GET', '/v1/locks/l')).json()).toEqual({
      name: 'l',
      holder: { lease: a, token: 13, value: 'one' },
      waiting: 1,
      revision: 14,
    })
    expect((await server.ask('DELETE', `/v1/locks/l?lease=${a}`)).json()).toEqual({ revision: 15, released: true })
    expect((await server.ask('DELETE', `/v1/locks/l?lease=${a}`)).json()).toMatchObject({ released: false })
    expect((await server.ask('GET', '/v1/locks')).json()).toMatchObject({
      locks: [{ name: 'l', holder: { lease: b, token: 15 }, waiting: 0 }],
    })
    expect((await server.ask('GET', '/v1/locks/other')).json()).toMatchObject({ holder: null })
  })

  it('answer who waits as soon as it is its turn', async () => {
    using server = await serve()
    const [a, b] = [await grant(server), await grant(server)]
    await lock(server, 'l', { lease: a })
    const waiting = lock(server, 'l', { lease: b, waitMs: 20_000 })
    await expect.poll(() => server.service.load.waiters).toBe(1)
    await server.ask('DELETE', `/v1/leases/${a}`)
    expect((await waiting).json()).toMatchObject({ state: 'held', token: 15 })
    expect(server.service.load).toMatchObject({ waiters: 0, requests: 0 })
  })

  it('say it when the lease of who waits runs out, or its patience', async () => {
    using server = await serve()
    const [a, b] = [await grant(server, 10_000), await grant(server)]
    await lock(server, 'l', { lease: a })
    expect(await lock(server, 'l', { lease: b, waitMs: 1 })).toMatchObject({ status: 202 })
    const waiting = lock(server, 'l', { lease: b, waitMs: 20_000 })
    await expect.poll(() => server.service.load.waiters).toBe(1)
    server.pass(0)
    server.pass(1_001)
    expect(await waiting).toMatchObject({ status: 404, code: 'LEASE_NOT_FOUND' })
  })

  it('that are held, or not to be waited for, are asked for although too many wait', async () => {
    using server = await serve({ limits: { waitersMax: 0 } })
    const [a, b] = [await grant(server), await grant(server)]
    expect(await lock(server, 'l', { lease: a, waitMs: 1_000 })).toMatchObject({ status: 200 })
    expect(await lock(server, 'l', { lease: a, waitMs: 1_000 })).toMatchObject({ status: 200 })
    expect(await lock(server, 'l', { lease: b })).toMatchObject({ status: 202, text: '{"state":"waiting","ahead":1,"revision":15}\n' })
    expect(await server.ask('GET', '/v1/locks/l?not=0')).toMatchObject({ status: 200 })
    expect(server.service.load).toMatchObject({ waiters: 0, requests: 0 })
  })

  it('take no place for somebody who hears that too many wait', async () => {
    using server = await serve({ limits: { waitersMax: 0 } })
    const [a, b] = [await grant(server), await grant(server)]
    await lock(server, 'l', { lease: a })
    const refused = await lock(server, 'l', { lease: b, waitMs: 1_000 })
    expect(refused).toMatchObject({ status: 429, code: 'OVERLOADED' })
    expect(refused.json()).toMatchObject({ error: { outcome: 'not-applied' } })
    expect((await server.ask('GET', '/v1/locks/l')).json()).toMatchObject({ waiting: 0 })
  })

  it('say at once that somebody is queued if too many wait by then', async () => {
    using server = await serve({ limits: { waitersMax: 1 } })
    const [a, b] = [await grant(server), await grant(server)]
    await lock(server, 'l', { lease: a })
    let go = () => {}
    server.node.gate = new Promise(resolve => (go = resolve))
    const queued = lock(server, 'l', { lease: b, waitMs: 20_000 })
    await expect.poll(() => server.service.load.requests).toBe(1)
    server.service.load.waiters++ // somebody else, meanwhile
    go()
    expect(await queued).toMatchObject({ status: 202, text: '{"state":"waiting","ahead":1,"revision":14}\n' })
  })

  it('show a value of other bytes than text as they are', async () => {
    using server = await serve()
    const lease = await grant(server)
    await lock(server, 'l', { lease, valueBase64: '/wA=' })
    expect((await server.ask('GET', '/v1/locks/l')).json()).toMatchObject({ holder: { lease, token: 12, valueBase64: '/wA=' } })
    expect((await server.ask('GET', '/v1/locks')).json()).toMatchObject({ locks: [{ holder: { valueBase64: '/wA=' } }] })
  })

  it('tell who follows an election', async () => {
    using server = await serve()
    const [a, b] = [await grant(server), await grant(server)]
    const first = server.ask('GET', '/v1/locks/leader?not=0&waitMs=20000')
    await expect.poll(() => server.service.load.waiters).toBe(1)
    await lock(server, 'leader', { lease: a, value: 'one:80' })
    expect((await first).json()).toMatchObject({ holder: { token: 13, value: 'one:80' } })
    const second = server.ask('GET', '/v1/locks/leader?not=13&waitMs=20000')
    await lock(server, 'leader', { lease: b, value: 'two:80' })
    await server.ask('DELETE', `/v1/leases/${a}`)
    expect((await second).json()).toMatchObject({ holder: { value: 'two:80' } })
    expect((await server.ask('GET', '/v1/locks/leader?not=15&waitMs=1')).json()).toMatchObject({ holder: { token: 15 } })
  })

  it.each([
    ['POST', '/v1/locks/', '{"lease":1}', 400],
    ['POST', '/v1/locks/l', '{}', 400],
    ['POST', '/v1/locks/l', '{"lease":1,"waitMs":60001}', 400],
    ['POST', '/v1/locks/l', '{"lease":1,"value":1}', 400],
    ['POST', '/v1/locks/l', '{"lease":1}', 404],
    ['DELETE', '/v1/locks/l', undefined, 400],
    ['GET', '/v1/locks/l?not=x', undefined, 400],
    ['GET', '/v1/locks/l?not=1&waitMs=60001', undefined, 400],
  ])('refuse %s %s %s', async (method, path, body, status) => {
    using server = await serve()
    expect(await server.ask(method, path, body)).toMatchObject({ status })
  })
})

describe('no more than may be', () => {
  it('of leases, also for keys with a time to live', async () => {
    using server = await serve({ limits: { leasesMax: 2 } })
    const [one] = [await grant(server), await grant(server)]
    const full = { status: 429, code: 'LIMIT_REACHED', headers: { 'retry-after': '1' } }
    expect(await server.ask('POST', '/v1/leases', '{"ttlMs":1000}')).toMatchObject(full)
    expect(await server.ask('PUT', '/v1/kv/a?ttl=1000', '1')).toMatchObject(full)
    expect((await server.ask('POST', '/v1/leases', '{"ttlMs":1000}')).text).toContain('there are 2 leases, and no more may be')
    expect(await server.ask('PUT', '/v1/kv/a', '1')).toMatchObject({ status: 200 })
    expect(await server.ask('PUT', `/v1/kv/a?lease=${one}`, '1')).toMatchObject({ status: 200 })
    expect(await server.ask('POST', `/v1/leases/${one}/keep-alive`)).toMatchObject({ status: 200 })
    await server.ask('DELETE', `/v1/leases/${one}`)
    expect(await server.ask('PUT', '/v1/kv/a?ttl=1000', '1')).toMatchObject({ status: 200 })
  })

  it('is no answer to what was done before', async () => {
    using server = await serve({ limits: { leasesMax: 1 } })
    const ask = (key: string) => server.ask('POST', '/v1/leases', '{"ttlMs":1000}', { 'Idempotency-Key': key })
    const first = await ask('a')
    expect(await ask('a')).toMatchObject({ status: 200, text: first.text, headers: { 'idempotent-replayed': 'true' } })
    expect(await ask('b')).toMatchObject({ status: 429, code: 'LIMIT_REACHED' })
  })

  it('of places at locks; who has one keeps it', async () => {
    using server = await serve({ limits: { lockPlacesMax: 2 } })
    const [one, two] = [await grant(server), await grant(server)]
    expect(await lock(server, 'a', { lease: one })).toMatchObject({ status: 200 })
    expect(await lock(server, 'a', { lease: two })).toMatchObject({ status: 202 })
    expect(await lock(server, 'b', { lease: one })).toMatchObject({ status: 429, code: 'LIMIT_REACHED' })
    expect(await lock(server, 'a', { lease: one, value: 'again' })).toMatchObject({ status: 200 })
    expect(await lock(server, 'a', { lease: two })).toMatchObject({ status: 202 })
    expect(server.store.locks.places).toBe(2)
    await server.ask('DELETE', `/v1/leases/${one}`)
    expect(server.store.locks.places).toBe(1)
    expect(await lock(server, 'b', { lease: two })).toMatchObject({ status: 200 })
    await server.ask('DELETE', `/v1/locks/a?lease=${two}`)
    expect(server.store.locks.places).toBe(1)
  })
})
