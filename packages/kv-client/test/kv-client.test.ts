import { describe, expect, it } from 'vitest'
import { KvClient, KvError } from '../src/index.ts'
import { deadEndpoint, ok, refuse, scripted } from './support.ts'

describe('KvClient', () => {
  it('sets, gets and deletes', async () => {
    using server = await scripted((seen, response, request) => {
      if (seen.method === 'POST') ok({ index: 5 })(seen, response, request)
      else if (seen.method === 'DELETE') ok({ index: 6, deleted: true })(seen, response, request)
      else ok({ 'a/b?#%👋': 'bar' })(seen, response, request)
    })
    const client = new KvClient({ endpoints: [server.endpoint] })
    expect(await client.set('foo', 'bar')).toEqual({ index: 5 })
    expect(await client.get('a/b?#%👋', { consistency: 'stale', nonLeader: 'reject' })).toBe('bar')
    expect(await client.delete('foo')).toEqual({ index: 6, deleted: true })
    expect(server.seen).toEqual([
      { method: 'POST', url: '/key', body: '{"foo":"bar"}' },
      { method: 'GET', url: '/key/a%2Fb%3F%23%25%F0%9F%91%8B?consistency=stale&non-leader=reject', body: '' },
      { method: 'DELETE', url: '/key/foo', body: '' },
    ])
  })

  it('treats __proto__ as a key like any other', async () => {
    using server = await scripted((seen, response) => {
      response.end(seen.method === 'GET' ? '{"__proto__":"x"}' : '{"index":1}')
    })
    const client = new KvClient({ endpoints: [server.endpoint] })
    await client.setAll([
      ['__proto__', 'x'],
      ['10', 'y'],
    ])
    expect(server.seen[0]?.body).toBe('{"10":"y","__proto__":"x"}')
    expect(await client.get('__proto__')).toBe('x')
  })

  it('has no value for a key that is missing', async () => {
    using server = await scripted(refuse(404, 'KEY_NOT_FOUND'))
    expect(await new KvClient({ endpoints: [server.endpoint] }).get('foo')).toBeUndefined()
    expect(server.seen.length).toBe(1)
  })

  it.each(['.', '..', '', '\ud83d'])('refuses the key %j, which no URL can name', async key => {
    const client = new KvClient({ endpoints: ['127.0.0.1:1'] })
    await expect(client.get(key)).rejects.toMatchObject({ name: 'KvError', code: 'INVALID_ARGUMENT', outcome: 'not-applied' })
  })

  it('takes endpoints as URLs, and localhost for 127.0.0.1', () => {
    const client = new KvClient({ endpoints: ['http://localhost:8180/', '10.0.0.1:1'] })
    expect(client.endpoints).toEqual(['127.0.0.1:8180', '10.0.0.1:1'])
    expect(() => new KvClient({ endpoints: [] })).toThrow('at least one endpoint')
  })

  it('asks one node, or any, for its status', async () => {
    using one = await scripted(ok({ id: 'n1' }))
    using two = await scripted(ok({ id: 'n2' }))
    const client = new KvClient({ endpoints: [one.endpoint, two.endpoint] })
    expect(await client.status()).toEqual({ id: 'n1' })
    expect(await client.status({ endpoint: two.endpoint })).toEqual({ id: 'n2' })
  })
})

describe('fail-over', () => {
  it('goes on to the next node when nobody listens, and begins there the next time', async () => {
    using server = await scripted(ok({ index: 1 }))
    using other = await scripted(ok({ index: 2 }))
    const client = new KvClient({ endpoints: [await deadEndpoint(), server.endpoint, other.endpoint] })
    expect(await client.set('foo', 'bar')).toEqual({ index: 1 })
    expect(await client.set('foo', 'bar')).toEqual({ index: 1 })
    expect(other.seen).toEqual([])
  })

  it.each([
    [503, 'NO_LEADER'],
    [409, 'WIPED_MEMBER'],
    [429, 'OVERLOADED'],
  ])('repeats a write elsewhere after %d %s that says not-applied', async (status, code) => {
    using refusing = await scripted(refuse(status, code, 'not-applied'))
    using server = await scripted(ok({ index: 1 }))
    expect(await new KvClient({ endpoints: [refusing.endpoint, server.endpoint] }).set('foo', 'bar')).toEqual({ index: 1 })
    expect(refusing.seen.length).toBe(1)
  })

  it("understands the workshop's refusal", async () => {
    using refusing = await scripted((_, response) => response.writeHead(500).end('not leader\n'))
    using server = await scripted(ok({ index: 1 }))
    expect(await new KvClient({ endpoints: [refusing.endpoint, server.endpoint] }).set('foo', 'bar')).toEqual({ index: 1 })
  })

  it.each([
    ['504 unknown', refuse(504, 'TIMED_OUT', 'unknown')],
    ['an error without outcome', refuse(503, 'WHATEVER')],
    ['no answer at all', (_: unknown, response: { destroy(): void }) => response.destroy()],
    ['what is not a node', (_: unknown, response: { end(text: string): void }) => response.end('<html>')],
  ])('never repeats a write after %s', async (_, respond) => {
    using failing = await scripted(respond as Parameters<typeof scripted>[0])
    using server = await scripted(ok({ index: 1 }))
    const write = new KvClient({ endpoints: [failing.endpoint, server.endpoint] }).set('foo', 'bar')
    await expect(write).rejects.toMatchObject({ name: 'KvError', outcome: 'unknown', endpoint: failing.endpoint })
    expect([failing.seen.length, server.seen.length]).toEqual([1, 0])
  })

  it('repeats a read after anything that another node may know better', async () => {
    using lost = await scripted((_, response) => response.destroy())
    using slow = await scripted(refuse(504, 'TIMED_OUT'))
    using strange = await scripted((_, response) => response.end('<html>'))
    using server = await scripted(ok({ foo: 'bar' }))
    const endpoints = [lost.endpoint, slow.endpoint, strange.endpoint, server.endpoint]
    expect(await new KvClient({ endpoints }).get('foo')).toBe('bar')
  })

  it('does not ask others about a request that is at fault itself', async () => {
    using server = await scripted(refuse(413, 'TOO_LARGE', 'not-applied'))
    using other = await scripted(ok({ index: 1 }))
    const write = new KvClient({ endpoints: [server.endpoint, other.endpoint] }).set('foo', 'bar')
    await expect(write).rejects.toMatchObject({ code: 'TOO_LARGE', status: 413, outcome: 'not-applied' })
    expect(other.seen).toEqual([])
  })

  it('waits for an election, but only so long', async () => {
    let elected = false
    using server = await scripted((seen, response, request) => {
      const respond = elected ? ok({ index: 1 }) : refuse(503, 'NO_LEADER', 'not-applied')
      respond(seen, response, request)
    })
    const client = new KvClient({ endpoints: [await deadEndpoint(), server.endpoint] })
    await expect(client.set('foo', 'bar', { timeoutMs: 200 })).rejects.toMatchObject({ code: 'NO_LEADER', message: 'because NO_LEADER' })
    setTimeout(() => (elected = true), 150)
    expect(await client.set('foo', 'bar')).toEqual({ index: 1 })
  })

  it('lets a node say what is wrong before the time is up', async () => {
    using server = await scripted((seen, response, request) => {
      setTimeout(() => refuse(503, 'NO_LEADER', 'not-applied')(seen, response, request), Number(request.headers['x-raft-timeout']))
    })
    const write = new KvClient({ endpoints: [server.endpoint] }).set('foo', 'bar', { timeoutMs: 600 })
    await expect(write).rejects.toMatchObject({ code: 'NO_LEADER', outcome: 'not-applied' })
  })

  it('does not wait where nobody listens', async () => {
    const client = new KvClient({ endpoints: [await deadEndpoint(), await deadEndpoint()], timeoutMs: 60_000 })
    await expect(client.set('foo', 'bar')).rejects.toMatchObject({ code: 'UNREACHABLE', outcome: 'not-applied', status: undefined })
  })

  it('gives up in time, or when told to, without knowing what became of a write', async () => {
    using server = await scripted(() => {})
    const client = new KvClient({ endpoints: [server.endpoint] })
    await expect(client.set('foo', 'bar', { timeoutMs: 100 })).rejects.toMatchObject({ code: 'TIMED_OUT', outcome: 'unknown' })
    const controller = new AbortController()
    const write = client.set('foo', 'bar', { signal: controller.signal })
    setTimeout(() => controller.abort(), 50)
    await expect(write).rejects.toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
    await expect(client.get('foo', { timeoutMs: 50 })).rejects.toBeInstanceOf(KvError)
  })

  it('follows a redirect to the leader, with the body', async () => {
    using leader = await scripted(ok({ index: 9 }))
    using follower = await scripted((_, response) => response.writeHead(307, { Location: `http://${leader.endpoint}/key` }).end())
    expect(await new KvClient({ endpoints: [follower.endpoint] }).set('foo', 'bar')).toEqual({ index: 9 })
    expect(leader.seen).toEqual([{ method: 'POST', url: '/key', body: '{"foo":"bar"}' }])
  })
})
