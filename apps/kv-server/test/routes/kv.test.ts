import { describe, expect, it } from 'vitest'
import { serve } from '../support/serve.ts'

describe('/v1/kv/{key}', () => {
  it('stores bytes and gives them back, with the revision as ETag', async () => {
    using server = await serve()
    const bytes = Buffer.from([0, 255, 13, 10, 128])
    const put = await server.ask('PUT', '/v1/kv/a%00%ff/b', bytes)
    expect(put).toMatchObject({ status: 200, text: '{"revision":11}\n', headers: { etag: '"11"', 'x-raft-index': '11' } })
    const got = await server.ask('GET', '/v1/kv/a%00%FF/b')
    expect(got).toMatchObject({ status: 200, headers: { etag: '"11"', 'content-type': 'application/octet-stream' } })
    expect(got.bytes.equals(bytes)).toBe(true)
    expect((await server.ask('GET', '/v1/kv/a%00%ff/b', undefined, { Accept: 'application/json' })).json()).toEqual({
      keyBase64: Buffer.from('a\0\xff/b', 'latin1').toString('base64'),
      valueBase64: bytes.toString('base64'),
      created: 11,
      modified: 11,
      version: 1,
    })
  })

  it('shares its keys with /key, and says so where they are not text', async () => {
    using server = await serve()
    await server.ask('POST', '/key', '{"ключ":"знач"}')
    const path = encodeURIComponent('ключ')
    expect(await server.ask('GET', `/v1/kv/${path}`)).toMatchObject({ status: 200, text: 'знач' })
    await server.ask('PUT', `/v1/kv/${path}`, Buffer.from([0xff]))
    expect(await server.ask('GET', `/key/${path}`)).toMatchObject({ status: 409 })
  })

  it.each(['__proto__', '10', 'constructor', '.', '..', 'a%2Fb', '%20', '+'])('takes %s for a key like any other', async key => {
    using server = await serve()
    await server.ask('PUT', `/v1/kv/${key}`, 'v')
    expect(await server.ask('GET', `/v1/kv/${key}`)).toMatchObject({ status: 200, text: 'v' })
    expect((await server.ask('DELETE', `/v1/kv/${key}`)).json()).toEqual({ revision: 12, deleted: 1 })
    const missing = await server.ask('GET', `/v1/kv/${key}`)
    expect([missing.status, missing.code]).toEqual([404, 'KEY_NOT_FOUND'])
    expect((await server.ask('DELETE', `/v1/kv/${key}`)).json()).toEqual({ revision: 13, deleted: 0 })
  })

  it('compares and sets', async () => {
    using server = await serve()
    const put = (value: string, headers: Record<string, string>) => server.ask('PUT', '/v1/kv/a', value, headers)
    expect(await put('1', { 'If-Match': '*' })).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' })
    expect(await put('1', { 'If-None-Match': '*' })).toMatchObject({ status: 200, headers: { etag: '"12"' } })
    const lost = await put('2', { 'If-None-Match': '*' })
    expect(lost).toMatchObject({ status: 412, headers: { etag: '"12"' } })
    expect(lost.json()).toMatchObject({ error: { outcome: 'not-applied', message: expect.stringContaining('"12"') } })
    expect(await put('2', { 'If-Match': '"11"' })).toMatchObject({ status: 412 })
    expect(await put('2', { 'If-Match': '"12"' })).toMatchObject({ status: 200, headers: { etag: '"15"' } })
    expect(await put('3', { 'If-None-Match': '"15"' })).toMatchObject({ status: 412 })
    expect(await put('3', { 'If-None-Match': '"12"' })).toMatchObject({ status: 200 })
    expect(await server.ask('DELETE', '/v1/kv/a', undefined, { 'If-Match': '"15"' })).toMatchObject({ status: 412 })
    expect((await server.ask('DELETE', '/v1/kv/a', undefined, { 'If-Match': '"17"' })).json()).toMatchObject({ deleted: 1 })
    expect(await server.ask('DELETE', '/v1/kv/a', undefined, { 'If-Match': '"17"' })).toMatchObject({ status: 412 })
  })

  it('takes revision 0 for that of a key that is not there', async () => {
    using server = await serve()
    const put = (headers: Record<string, string>) => server.ask('PUT', '/v1/kv/a', '1', headers)
    expect(await put({ 'If-None-Match': '"0"' })).toMatchObject({ status: 412 })
    expect(await put({ 'If-Match': '"0"' })).toMatchObject({ status: 200 })
    expect(await put({ 'If-Match': '"0"' })).toMatchObject({ status: 412 })
    expect(await put({ 'If-None-Match': '"0"' })).toMatchObject({ status: 200 })
  })

  it('says when a client has the value already', async () => {
    using server = await serve()
    await server.ask('PUT', '/v1/kv/a', '1')
    const get = (tag: string) => server.ask('GET', '/v1/kv/a', undefined, { 'If-None-Match': tag })
    const unchanged = await get('"11"')
    expect(unchanged).toMatchObject({ status: 304, text: '', headers: { etag: '"11"' } })
    expect([unchanged.headers['content-length'], unchanged.headers['content-type']]).toEqual([undefined, undefined])
    expect(await get('"3", W/"11"')).toMatchObject({ status: 304 })
    expect(await get('"12"')).toMatchObject({ status: 200, text: '1' })
  })

  it('gives a key a time to live, or a lease', async () => {
    using server = await serve()
    expect((await server.ask('PUT', '/v1/kv/a?ttl=5000', '1')).json()).toEqual({ revision: 11, lease: 11 })
    const { lease } = (await server.ask('POST', '/v1/leases', '{"ttlMs":5000}')).json() as { lease: number }
    expect((await server.ask('PUT', `/v1/kv/b?lease=${lease}`, '1')).json()).toEqual({ revision: 13 })
    expect(server.store.keysOf(lease)).toBe(1)
    server.pass(0)
    server.pass(5_001)
    expect(server.store.size).toBe(0)
    expect(await server.ask('PUT', `/v1/kv/b?lease=${lease}`, '1')).toMatchObject({ status: 404, code: 'LEASE_NOT_FOUND' })
  })

  it.each([
    ['PUT', '/v1/kv/', 400, 'INVALID_KEY', {}],
    ['PUT', '/v1/kv/%zz', 400, 'INVALID_KEY', {}],
    ['PUT', '/v1/kv/%', 400, 'INVALID_KEY', {}],
    ['PUT', `/v1/kv/${'k'.repeat(4_097)}`, 400, 'INVALID_KEY', {}],
    ['PUT', '/v1/kv/a?ttl=0', 400, 'INVALID_QUERY', {}],
    ['PUT', '/v1/kv/a?ttl=-1', 400, 'INVALID_QUERY', {}],
    ['PUT', '/v1/kv/a?ttl=1e3', 400, 'INVALID_QUERY', {}],
    ['PUT', '/v1/kv/a?ttl=99999999999999999', 400, 'INVALID_QUERY', {}],
    ['PUT', '/v1/kv/a?ttl=1&lease=1', 400, 'INVALID_QUERY', {}],
    ['PUT', '/v1/kv/a', 400, 'INVALID_HEADER', { 'If-Match': 'W/"1"' }],
    ['PUT', '/v1/kv/a', 400, 'INVALID_HEADER', { 'If-None-Match': '"1","2"' }],
    ['PUT', '/v1/kv/a', 400, 'INVALID_HEADER', { 'Idempotency-Key': 'a b' }],
    ['PUT', '/v1/kv/a', 400, 'INVALID_HEADER', { 'Idempotency-Key': 'k'.repeat(256) }],
    ['POST', '/v1/kv/a', 405, 'METHOD_NOT_ALLOWED', {}],
    ['GET', '/v1/kv/a?consistency=lucky', 400, 'INVALID_QUERY', {}],
    ['GET', '/v1/kv/a?consistency=stale&max-staleness=x', 400, 'INVALID_QUERY', {}],
    ['DELETE', '/v1/kv', 400, 'INVALID_QUERY', {}],
  ])('refuses %s %s with %d %s, and nothing reaches the log', async (method, path, status, code, headers) => {
    using server = await serve()
    expect(await server.ask(method, path, method === 'PUT' ? 'v' : undefined, headers)).toMatchObject({ status, code })
    expect(server.node.writes).toBe(0)
  })

  it('refuses a value over the limit', async () => {
    using server = await serve({ limits: { valueBytesMax: 10 } })
    expect(await server.ask('PUT', '/v1/kv/a', 'x'.repeat(11))).toMatchObject({ status: 413, code: 'TOO_LARGE' })
    expect(await server.ask('PUT', '/v1/kv/a', 'x'.repeat(10))).toMatchObject({ status: 200 })
  })
})

describe('Idempotency-Key', () => {
  const key = { 'Idempotency-Key': 'once' }

  it('does it once, and answers the same', async () => {
    using server = await serve()
    const first = await server.ask('PUT', '/v1/kv/a', '1', { ...key, 'If-None-Match': '*' })
    expect(first.headers['idempotent-replayed']).toBeUndefined()
    const again = await server.ask('PUT', '/v1/kv/a', '1', { ...key, 'If-None-Match': '*' })
    expect(again).toMatchObject({ status: 200, text: first.text, headers: { etag: first.headers.etag, 'idempotent-replayed': 'true' } })
    expect(server.store.get('a')?.version).toBe(1)
  })

  it('remembers that a condition did not hold', async () => {
    using server = await serve()
    expect(await server.ask('PUT', '/v1/kv/a', '1', { ...key, 'If-Match': '*' })).toMatchObject({ status: 412 })
    await server.ask('PUT', '/v1/kv/a', '0')
    expect(await server.ask('PUT', '/v1/kv/a', '1', { ...key, 'If-Match': '*' })).toMatchObject({ status: 412 })
  })

  it('is refused with another request, and when the table is full', async () => {
    using server = await serve({ limits: { answersMax: 1 } })
    await server.ask('POST', '/key', '{"a":"1"}', key)
    const other = await server.ask('POST', '/key', '{"a":"2"}', key)
    expect(other).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' })
    expect(await server.ask('POST', '/key', '{"a":"3"}', { 'Idempotency-Key': 'more' })).toMatchObject({
      status: 429,
      code: 'IDEMPOTENCY_TABLE_FULL',
      headers: { 'retry-after': '1' },
    })
    expect(server.store.get('a')?.value).toBe('1')
  })

  it('belongs to the one who asks', async () => {
    using server = await serve({ tokens: 'write ann token-token-ann-1\nwrite bob token-token-bob-1' })
    const as = (name: string) => ({ ...key, Authorization: `Bearer token-token-${name}-1` })
    await server.ask('POST', '/key', '{"a":"1"}', as('ann'))
    expect(await server.ask('POST', '/key', '{"b":"1"}', as('bob'))).toMatchObject({ status: 200 })
  })
})

describe('read levels', () => {
  it('say how old a stale answer may be', async () => {
    using server = await serve()
    await server.ask('PUT', '/v1/kv/a', '1')
    server.node.ageMs = 120.2
    const stale = await server.ask('GET', '/v1/kv/a?consistency=stale')
    expect(stale).toMatchObject({ status: 200, headers: { 'x-raft-age-ms': '121', 'x-raft-lag': '0' } })
    expect(await server.ask('GET', '/v1/kv/a?consistency=stale&max-staleness=200')).toMatchObject({ status: 200 })
    expect(await server.ask('GET', '/v1/kv/a?consistency=stale&max-staleness=100')).toMatchObject({ status: 503, code: 'TOO_STALE' })
    server.node.lag = 3
    expect(await server.ask('GET', '/v1/kv/a?consistency=stale&max-lag=3')).toMatchObject({ status: 200, headers: { 'x-raft-lag': '3' } })
    expect(await server.ask('GET', '/v1/kv/a?consistency=stale&max-lag=2')).toMatchObject({ status: 503, code: 'TOO_STALE' })
    server.node.ageMs = undefined
    const lost = await server.ask('GET', '/v1/kv/a?consistency=stale')
    expect(lost.status).toBe(200)
    expect(lost.headers['x-raft-age-ms']).toBeUndefined()
    expect(await server.ask('GET', '/v1/kv/a?consistency=stale&max-staleness=100')).toMatchObject({ status: 503 })
  })

  it('are linearizable by default; the node is asked for what the request asks for', async () => {
    using server = await serve()
    await server.ask('PUT', '/v1/kv/a', '1')
    for (const [query, consistency] of [
      ['', 'linearizable'],
      ['?consistency=lease', 'lease'],
      ['?consistency=linearizable', 'linearizable'],
    ]) {
      await server.ask('GET', `/v1/kv/a${query}`)
      expect(server.node.lastOptions).toMatchObject({ consistency })
    }
  })
})
