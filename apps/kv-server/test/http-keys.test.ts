import { describe, expect, it } from 'vitest'
import { serve } from './support/serve.ts'

const mebibyte = 1024 * 1024

describe('keys over HTTP', () => {
  it('sets, reads and deletes', async () => {
    using server = await serve()
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' } // what curl says of everything
    const set = await server.ask('POST', '/key', '{"foo": "bar"}', form)
    expect(set).toMatchObject({ status: 200, text: '{"index":11}\n' })
    expect(set.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-raft-leader': '127.0.0.1:8186',
      'x-raft-term': '3',
      'x-raft-index': '11',
    })
    expect(await server.ask('GET', '/key/foo')).toMatchObject({ status: 200, text: '{"foo":"bar"}' })
    expect(await server.ask('HEAD', '/key/foo')).toMatchObject({ status: 200, text: '' })
    expect((await server.ask('DELETE', '/key/foo')).json()).toEqual({ index: 12, deleted: true })
    expect((await server.ask('DELETE', '/key/foo')).json()).toEqual({ index: 13, deleted: false })
    const missing = await server.ask('GET', '/key/foo')
    expect(missing.status).toBe(404)
    expect(missing.json()).toEqual({ error: { code: 'KEY_NOT_FOUND', message: 'there is no key "foo"' } })
  })

  it('sets several keys with one command', async () => {
    using server = await serve()
    await server.ask('POST', '/key', '{"b":"2","a":"1"}')
    expect(server.node.writes).toBe(1)
    expect([...server.store.values()].map(item => item.key)).toEqual(['a', 'b'])
  })

  it.each([
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['10', 'c'],
    ['9', 'd'],
    ['a/b?c#d%', 'e'],
    ['..', 'f'],
    ['empty', ''],
    ['👋', '🌍 \ufeff\0'],
    ['large', 'x'.repeat(mebibyte)],
    ['wide', '€'.repeat(mebibyte / 3)],
  ])('stores and returns exactly: %s', async (key, value) => {
    using server = await serve()
    const body = `{${JSON.stringify(key)}:${JSON.stringify(value)}}`
    expect((await server.ask('POST', '/key', body)).status).toBe(200)
    expect(await server.ask('GET', `/key/${encodeURIComponent(key)}`)).toMatchObject({ status: 200, text: body })
    expect((await server.ask('DELETE', `/key/${encodeURIComponent(key)}`)).json()).toMatchObject({ deleted: true })
  })

  it.each([
    ['not JSON', 'foo=bar', 400, 'INVALID_BODY', 'the body is not JSON'],
    ['no body', '', 400, 'INVALID_BODY', 'the body is not JSON'],
    ['not UTF-8', Buffer.of(0x22, 0xff, 0x22), 400, 'INVALID_BODY', 'not UTF-8'],
    ['a list', '["foo"]', 400, 'INVALID_BODY', 'the body is not an object'],
    ['null', 'null', 400, 'INVALID_BODY', 'the body is not an object'],
    ['a string', '"foo"', 400, 'INVALID_BODY', 'the body is not an object'],
    ['nothing in it', '{}', 400, 'INVALID_BODY', 'the object is empty'],
    ['a number', '{"foo":1}', 400, 'INVALID_BODY', 'the value of "foo" is not a string'],
    ['a nested object', '{"ok":"1","__proto__":{"x":"y"}}', 400, 'INVALID_BODY', 'the value of "__proto__" is not a string'],
    ['half a surrogate pair in a value', '{"foo":"\\ud83d"}', 400, 'INVALID_BODY', 'half a surrogate pair'],
    ['half a surrogate pair in a key', '{"\\udc4b":"x"}', 400, 'INVALID_KEY', 'half a surrogate pair'],
    ['an empty key', '{"":"x"}', 400, 'INVALID_KEY', 'the key is empty'],
    ['a key over the limit', `{"${'k'.repeat(4097)}":"x"}`, 400, 'INVALID_KEY', 'longer than 4096 bytes'],
    ['a value over the limit', `{"foo":"${'x'.repeat(mebibyte + 1)}"}`, 413, 'TOO_LARGE', 'the value of "foo" is larger than 1048576'],
    ['a body over the limit', `{"foo":"${'x'.repeat(8 * mebibyte)}"}`, 413, 'TOO_LARGE', 'larger than 8388608 bytes'],
  ])('refuses a body with %s, and nothing reaches the log', async (_, body, status, code, message) => {
    using server = await serve()
    const answer = await server.ask('POST', '/key', body)
    expect(answer.status).toBe(status)
    expect(answer.json()).toEqual({ error: { code, message: expect.stringContaining(message), outcome: 'not-applied' } })
    expect(answer.headers['x-raft-leader']).toBe('127.0.0.1:8186')
    expect(server.node.writes).toBe(0)
  })

  it('refuses a body over the limit also when its length was not told', async () => {
    using server = await serve({ limits: { bodyBytesMax: 1_000 } })
    const answer = await server.ask('POST', '/key', 'x'.repeat(500_000), { 'Transfer-Encoding': 'chunked' })
    expect(answer).toMatchObject({ status: 413 })
  })

  it.each(['%', '%zz', '%ff', '%ed%a0%80', ''])('refuses the path /key/%s', async encoded => {
    using server = await serve()
    expect(await server.ask('GET', `/key/${encoded}`)).toMatchObject({ status: 400 })
    expect(await server.ask('DELETE', `/key/${encoded}`)).toMatchObject({ status: 400 })
    expect(server.node.writes).toBe(0)
  })

  it('asks for a large body only when it will read it', async () => {
    using server = await serve()
    const head = (length: number) =>
      `POST /key HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`
    expect(await server.raw(`${head(13)}{"foo":"bar"}`)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
    expect(await server.raw(head(9_000_000))).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('reads linearizably unless asked for what this node has', async () => {
    using server = await serve()
    server.store.apply(Uint8Array.of(1, 1, 1, 1, 97, 1, 98), 1)
    await server.ask('GET', '/key/a')
    expect(server.node.lastOptions).toMatchObject({ consistency: 'linearizable' })
    server.node.leaderId = undefined
    expect(await server.ask('GET', '/key/a?consistency=stale')).toMatchObject({ status: 200, text: '{"a":"b"}' })
    const wrong = await server.ask('GET', '/key/a?consistency=lucky')
    expect(wrong.status).toBe(400)
    expect(wrong.json()).toEqual({ error: { code: 'INVALID_QUERY', message: 'consistency is one of: linearizable, lease, stale' } })
  })
})
