import { RaftError } from 'raft-node'
import { describe, expect, it } from 'vitest'
import { serve } from './support/serve.ts'

describe('errors of the cluster', () => {
  it.each([
    ['OVERLOADED', 429, 'not-applied'],
    ['DISK_FULL', 507, 'not-applied'],
    ['TRANSFERRING', 503, 'not-applied'],
    ['MEMBERSHIP_CHANGE_PENDING', 503, 'not-applied'],
    ['TIMED_OUT', 504, 'unknown'],
    ['CONNECTION_LOST', 504, 'unknown'],
    ['LEADERSHIP_LOST', 504, 'unknown'],
    ['NODE_STOPPED', 504, 'unknown'],
    ['WIPED_MEMBER', 409, 'not-applied'],
    ['OLD_FOLDER', 409, 'not-applied'],
    ['OTHER_CLUSTER', 409, 'not-applied'],
    ['NOT_A_MEMBER', 409, 'not-applied'],
    ['INVALID_ARGUMENT', 400, 'not-applied'],
    ['STORAGE_FAILED', 500, 'unknown'],
  ] as const)('%s becomes %d, outcome %s', async (code, status, outcome) => {
    using server = await serve()
    server.node.failure = new RaftError(code, 'the reason')
    const answer = await server.ask('POST', '/key', '{"foo":"bar"}')
    expect(answer.status).toBe(status)
    expect(answer.json()).toEqual({ error: { code, message: 'the reason', outcome } })
    expect(answer.headers['retry-after']).toBe(status === 503 || status === 429 ? '1' : undefined)
  })

  it('that were not applied after all are no 504', async () => {
    using server = await serve()
    server.node.failure = new RaftError('NODE_STOPPED', 'closing', { outcome: 'not-applied' })
    expect(await server.ask('POST', '/key', '{"foo":"bar"}')).toMatchObject({ status: 503 })
  })

  it('that nobody foresaw are not described to strangers', async () => {
    using server = await serve()
    server.node.failure = new TypeError('secret')
    const answer = await server.ask('POST', '/key', '{"foo":"bar"}')
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('secret')
    expect(answer.json()).toMatchObject({ error: { code: 'INTERNAL', outcome: 'unknown' } })
  })

  it('a node with a fault refuses clients with it, also for stale reads', async () => {
    using server = await serve()
    server.node.fault = { code: 'WIPED_MEMBER', message: 'join again with --replace' }
    for (const [method, path, body] of [
      ['GET', '/key/foo', undefined],
      ['GET', '/key/foo?consistency=stale', undefined],
      ['POST', '/key', '{"foo":"bar"}'],
      ['DELETE', '/key/foo', undefined],
    ] as const) {
      const answer = await server.ask(method, path, body)
      expect(answer.status).toBe(409)
      expect(answer.json()).toMatchObject({ error: { code: 'WIPED_MEMBER', message: 'join again with --replace' } })
    }
    expect(await server.ask('GET', '/v1/status')).toMatchObject({ status: 200 })
  })
})

describe('requests for something else', () => {
  it.each(['/', '/keys', '/key/../x/y', '/v1', '/__proto__', '/constructor', '//evil.example/key'])('404 for %s', async path => {
    using server = await serve()
    const answer = await server.ask('POST', path, '{}')
    expect(answer.status).toBe(path.startsWith('/key/') ? 405 : 404)
    expect(answer.headers['x-raft-leader']).toBe('127.0.0.1:8186')
  })

  it.each([
    ['GET', '/key', 'POST'],
    ['POST', '/key/foo', 'GET, HEAD, DELETE'],
    ['PUT', '/key/foo', 'GET, HEAD, DELETE'],
    ['GET', '/join', 'POST'],
    ['DELETE', '/v1/status', 'GET, HEAD'],
    ['OPTIONS', '/readyz', 'GET, HEAD'],
  ])('405 for %s %s', async (method, path, allow) => {
    using server = await serve()
    const answer = await server.ask(method, path)
    expect(answer.status).toBe(405)
    expect(answer.headers.allow).toBe(allow)
    expect(answer.json()).toMatchObject({ error: { code: 'METHOD_NOT_ALLOWED' } })
  })

  it('takes a whole URL, as proxies send it', async () => {
    using server = await serve()
    expect(await server.raw('GET http://somewhere:80/livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('answers what is not HTTP', async () => {
    using server = await serve()
    const answer = await server.raw(Buffer.from('16030100ff010000fb0303', 'hex'))
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(answer).toContain('X-Raft-Leader: 127.0.0.1:8186\r\n')
    expect(answer).toContain('"code":"NOT_HTTP"')
  })

  it('answers headers without end', async () => {
    using server = await serve()
    expect(await server.raw(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`)).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('does not wait for slow headers for ever', async () => {
    using server = await serve({ limits: { headersTimeoutMs: 100, requestTimeoutMs: 200 } })
    expect(await server.raw('GET / HTTP/1.1\r\nX: ')).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('takes no more connections than it may', async () => {
    using server = await serve({ limits: { connectionsMax: 1 } })
    const first = server.raw('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
    await expect.poll(() => server.raw('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n').catch(() => '')).toBe('')
    server.server.close()
    expect(await first).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('while the node starts', () => {
  it('is alive, not ready, and refuses the rest', async () => {
    using server = await serve({ started: false })
    expect(await server.ask('GET', '/livez')).toMatchObject({ status: 200 })
    expect(await server.ask('GET', '/readyz')).toMatchObject({ status: 503, text: '[-]started failed: still starting\n' })
    expect((await server.ask('GET', '/key/foo')).json()).toMatchObject({ error: { code: 'STARTING' } })
    expect(await server.ask('GET', '/v1/status')).toMatchObject({ status: 503 })
  })
})

describe('a request that breaks off', () => {
  it.each(['POST /v1/leases/11/keep-alive', 'DELETE /v1/kv/a', 'PUT /v1/kv/a', 'POST /key'])('is not done: %s', async start => {
    using server = await serve()
    await server.ask('POST', '/v1/leases', '{"ttlMs":5000}')
    const answer = await server.raw(`${start} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"a":"1"}`, { end: true })
    expect(answer).not.toMatch(/ 200 /)
    expect(server.node.writes).toBe(1)
  })
})

describe('a body with a field that there is not', () => {
  it.each([
    ['/v1/leader/transfer', '{"to":"n2"}', /a field "to"; it may have target/],
    ['/v1/join-secrets', '{"ttl":5}', /a field "ttl"; it may have ttlMs/],
    ['/v1/leases', '{"ttlMs":1000,"id":1}', /a field "id"; it may have ttlMs/],
    ['/v1/locks/l', '{"lease":1,"wait":1}', /a field "wait"; it may have lease, waitMs, value and valueBase64/],
    ['/v1/txn', '{"if":[]}', /a field "if"; it may have compare, success and failure/],
  ])('is refused by %s', async (path, body, message) => {
    using server = await serve()
    const answer = await server.ask('POST', path, body)
    expect(answer).toMatchObject({ status: 400, code: 'INVALID_BODY' })
    expect(answer.json()).toMatchObject({ error: { message: expect.stringMatching(message) } })
  })
})

it.each(['abc', '-1', '0'])('a patience of %s is refused', async patience => {
  using server = await serve()
  expect(await server.ask('GET', '/v1/kv/a', undefined, { 'X-Raft-Timeout': patience })).toMatchObject({
    status: 400,
    code: 'INVALID_HEADER',
  })
})
