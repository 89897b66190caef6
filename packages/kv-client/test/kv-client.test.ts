import { describe, expect, it } from 'vitest'
import { KvClient, KvError } from '../src/index.ts'
import { deadEndpoint, ok, refuse, scripted } from './support.ts'

describe('KvClient', () => {
  it('sets, gets and deletes', async () => {
    using server = await scripted((seen, response, request) => {
      if (seen.method === 'PUT') ok({ revision: 5 })(seen, response, request)
      else if (seen.method === 'DELETE') ok({ revision: 6, deleted: 1 })(seen, response, request)
      else response.end('bar')
    })
    const client = new KvClient({ endpoints: [server.endpoint] })
    expect(await client.set('foo', 'bar')).toEqual({ revision: 5 })
    expect(await client.get('a/b?#%👋', { consistency: 'stale', nonLeader: 'reject' })).toBe('bar')
    expect(await client.delete(Uint8Array.of(0x66, 0, 0xff))).toEqual({ revision: 6, deleted: true })
    expect(server.seen).toEqual([
      { method: 'PUT', url: '/v1/kv/foo', body: 'bar' },
      { method: 'GET', url: '/v1/kv/a%2Fb%3F%23%25%F0%9F%91%8B?consistency=stale&non-leader=reject', body: '' },
      { method: 'DELETE', url: '/v1/kv/f%00%ff', body: '' },
    ])
  })

  it('treats __proto__ as a key like any other', async () => {
    using server = await scripted(ok({ index: 1 }))
    const client = new KvClient({ endpoints: [server.endpoint] })
    await client.setAll([
      ['__proto__', 'x'],
      ['10', 'y'],
    ])
    expect(server.seen[0]?.body).toBe('{"10":"y","__proto__":"x"}')
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

describe('a write with an idempotency key', () => {
  it.each([
    ['of its own', { idempotentWrites: true }, {}],
    ['of the caller', {}, { idempotencyKey: 'once' }],
  ])('%s is repeated whatever became of it, with the same key', async (_, options, call) => {
    const keys: unknown[] = []
    using lost = await scripted((_, response, request) => {
      keys.push(request.headers['idempotency-key'])
      response.destroy()
    })
    using server = await scripted((seen, response, request) => {
      keys.push(request.headers['idempotency-key'])
      ok({ revision: 1 })(seen, response, request)
    })
    const client = new KvClient({ endpoints: [lost.endpoint, server.endpoint], ...options })
    expect(await client.set('foo', 'bar', call)).toEqual({ revision: 1 })
    expect(keys).toEqual([expect.any(String), keys[0]])
  })

  it.each([
    ['nobody else listens', deadEndpoint],
    ['another node refuses it', async () => (await scripted(refuse(401, 'UNAUTHORIZED', 'not-applied'))).endpoint],
  ])('may have been applied by a try whose answer was lost, although %s', async (_, other) => {
    using lost = await scripted((_, response) => response.destroy())
    const client = new KvClient({ endpoints: [lost.endpoint, await other()] })
    await expect(client.set('foo', 'bar', { idempotencyKey: 'once' })).rejects.toMatchObject({ outcome: 'unknown' })
  })

  it('may have been applied by a try whose answer was lost, although every later one was refused', async () => {
    let tries = 0
    using server = await scripted((seen, response, request) => {
      if (++tries === 1) refuse(504, 'TIMED_OUT', 'unknown')(seen, response, request)
      else refuse(503, 'NO_LEADER', 'not-applied')(seen, response, request)
    })
    const client = new KvClient({ endpoints: [server.endpoint], timeoutMs: 900 })
    await expect(client.set('foo', 'bar', { idempotencyKey: 'once' })).rejects.toMatchObject({ code: 'NO_LEADER', outcome: 'unknown' })
  })
})

describe('fail-over', () => {
  it('goes on to the next node when nobody listens, and begins there the next time', async () => {
    using server = await scripted(ok({ revision: 1 }))
    using other = await scripted(ok({ revision: 2 }))
    const client = new KvClient({ endpoints: [await deadEndpoint(), server.endpoint, other.endpoint] })
    expect(await client.set('foo', 'bar')).toEqual({ revision: 1 })
    expect(await client.set('foo', 'bar')).toEqual({ revision: 1 })
    expect(other.seen).toEqual([])
  })

  it.each([
    [503, 'NO_LEADER'],
    [409, 'WIPED_MEMBER'],
    [429, 'OVERLOADED'],
  ])('repeats a write elsewhere after %d %s that says not-applied', async (status, code) => {
    using refusing = await scripted(refuse(status, code, 'not-applied'))
    using server = await scripted(ok({ revision: 1 }))
    expect(await new KvClient({ endpoints: [refusing.endpoint, server.endpoint] }).set('foo', 'bar')).toEqual({ revision: 1 })
    expect(refusing.seen.length).toBe(1)
  })

  it("understands the workshop's refusal", async () => {
    using refusing = await scripted((_, response) => response.writeHead(500).end('not leader\n'))
    using server = await scripted(ok({ revision: 1 }))
    expect(await new KvClient({ endpoints: [refusing.endpoint, server.endpoint] }).set('foo', 'bar')).toEqual({ revision: 1 })
  })

  it.each([
    ['504 unknown', refuse(504, 'TIMED_OUT', 'unknown')],
    ['an error without outcome', refuse(503, 'WHATEVER')],
    ['no answer at all', (_: unknown, response: { destroy(): void }) => response.destroy()],
    ['what is not a node', (_: unknown, response: { end(text: string): void }) => response.end('<html>')],
  ])('never repeats a write after %s', async (_, respond) => {
    using failing = await scripted(respond as Parameters<typeof scripted>[0])
    using server = await scripted(ok({ revision: 1 }))
    const write = new KvClient({ endpoints: [failing.endpoint, server.endpoint] }).set('foo', 'bar')
    await expect(write).rejects.toMatchObject({ name: 'KvError', outcome: 'unknown', endpoint: failing.endpoint })
    expect([failing.seen.length, server.seen.length]).toEqual([1, 0])
  })

  it.each([
    ['the route was lost', { code: 'EHOSTUNREACH', syscall: 'read' }],
    ['the connection was reset', { code: 'ECONNRESET', syscall: 'read' }],
    ['a record was damaged', { code: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC' }],
  ])('never repeats a write on whose connection %s', async (_, cause) => {
    let tries = 0
    const fetch = () => {
      tries++
      return Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(cause.code), cause) }))
    }
    const client = new KvClient({ endpoints: ['https://a:1', 'https://b:1'], fetch })
    await expect(client.set('foo', 'bar')).rejects.toMatchObject({ code: 'UNREACHABLE', outcome: 'unknown' })
    expect(tries).toBe(1)
  })

  it.each([
    ['there is no route', { code: 'EHOSTUNREACH', syscall: 'connect' }],
    ['none of its addresses can be reached', { code: 'ENETUNREACH', errors: [] }],
    ['its name is not known', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }],
    ['its certificate is too old', { code: 'CERT_HAS_EXPIRED' }],
    ['it speaks no TLS', { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }],
  ])('goes on to the next node when %s', async (_, cause) => {
    const fetch = (url: string) =>
      url.startsWith('https://a')
        ? Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(cause.code), cause) }))
        : Promise.resolve(Response.json({ revision: 1 }))
    const client = new KvClient({ endpoints: ['https://a:1', 'https://b:1'], fetch })
    expect(await client.set('foo', 'bar')).toEqual({ revision: 1 })
  })

  it('repeats a read after anything that another node may know better', async () => {
    using lost = await scripted((_, response) => response.destroy())
    using slow = await scripted(refuse(504, 'TIMED_OUT'))
    using strange = await scripted((_, response) => response.writeHead(502).end('<html>'))
    using server = await scripted((_, response) => response.end('bar'))
    const endpoints = [lost.endpoint, slow.endpoint, strange.endpoint, server.endpoint]
    expect(await new KvClient({ endpoints }).get('foo')).toBe('bar')
  })

  it('does not ask others about a request that is at fault itself', async () => {
    using server = await scripted(refuse(413, 'TOO_LARGE', 'not-applied'))
    using other = await scripted(ok({ revision: 1 }))
    const write = new KvClient({ endpoints: [server.endpoint, other.endpoint] }).set('foo', 'bar')
    await expect(write).rejects.toMatchObject({ code: 'TOO_LARGE', status: 413, outcome: 'not-applied' })
    expect(other.seen).toEqual([])
  })

  it('waits for an election, but only so long', async () => {
    let elected = false
    using server = await scripted((seen, response, request) => {
      const respond = elected ? ok({ revision: 1 }) : refuse(503, 'NO_LEADER', 'not-applied')
      respond(seen, response, request)
    })
    const client = new KvClient({ endpoints: [await deadEndpoint(), server.endpoint] })
    await expect(client.set('foo', 'bar', { timeoutMs: 200 })).rejects.toMatchObject({ code: 'NO_LEADER', message: 'because NO_LEADER' })
    setTimeout(() => (elected = true), 150)
    expect(await client.set('foo', 'bar')).toEqual({ revision: 1 })
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
    using leader = await scripted(ok({ revision: 9 }))
    const location = `http://${leader.endpoint}/v1/kv/foo`
    using follower = await scripted((_, response) => response.writeHead(307, { Location: location }).end())
    const client = new KvClient({ endpoints: [follower.endpoint], token: 'secret' })
    expect(await client.set('foo', 'bar')).toEqual({ revision: 9 })
    expect(leader.seen).toEqual([{ method: 'PUT', url: '/v1/kv/foo', body: 'bar', token: 'Bearer secret' }])
  })

  it('has the node ask the leader where a browser does not show the redirect', async () => {
    const urls: string[] = []
    const fetch = async (url: string) => {
      urls.push(url)
      if (url.includes('non-leader=forward')) return new Response('{"revision":9}')
      return { type: 'opaqueredirect', status: 0, headers: new Headers() } as Response
    }
    const client = new KvClient({ endpoints: ['localhost:1'], fetch })
    expect(await client.set('foo', 'bar', { nonLeader: 'redirect' })).toEqual({ revision: 9 })
    expect(urls[1]).toMatch(/\/v1\/kv\/foo\?.*non-leader=forward$/)
  })

  it('goes on after a redirect to a node that does not lead either', async () => {
    using lost = await scripted((_, response) => response.writeHead(307, { Location: `http://${lost.endpoint}/` }).end())
    using server = await scripted(ok({ revision: 1 }))
    expect(await new KvClient({ endpoints: [lost.endpoint, server.endpoint] }).set('foo', 'bar')).toEqual({ revision: 1 })
    expect(lost.seen.length).toBe(2)
  })
})
