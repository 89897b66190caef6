import { describe, expect, it } from 'vitest'
import { Pages } from '../src/http/pages.ts'
import { namesDoubted } from '../src/security/exposure.ts'
import { serve } from './support/serve.ts'

const app = 'https://app.example.com'
const other = 'https://other.example.com'
const preflight = { 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'authorization,if-match' }

describe('web pages', () => {
  it('of an origin that was named may read and write, and see the headers', async () => {
    using server = await serve({ corsOrigins: [app] })
    for (const path of ['/v1/kv/a', '/v1/leases']) {
      const asked = await server.ask('OPTIONS', path, undefined, { Origin: app, ...preflight })
      expect(asked).toMatchObject({ status: 200, text: '' })
      expect(asked.headers).toMatchObject({
        'access-control-allow-origin': app,
        'access-control-allow-methods': expect.stringContaining('PUT'),
        'access-control-allow-headers': expect.stringMatching(/Authorization.*If-Match/),
        vary: 'Origin',
      })
    }
    const put = await server.ask('PUT', '/v1/kv/a', '1', { Origin: app })
    expect(put).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': app } })
    const got = await server.ask('GET', '/v1/kv/a', undefined, { Origin: app })
    expect(got).toMatchObject({ status: 200, text: '1', headers: { vary: 'Accept, Origin' } })
    expect(got.headers['access-control-expose-headers']).toMatch(/ETag.*X-Raft-Leader/)
    const refused = await server.ask('GET', '/v1/kv/none', undefined, { Origin: app })
    expect(refused).toMatchObject({ status: 404, headers: { 'access-control-allow-origin': app } })
    const list = await server.ask('GET', '/v1/kv', undefined, { Origin: app })
    expect(list).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': app } })
  })

  it.each([undefined, [app]])('of other origins can neither write nor read the answer, with the origins %j named', async corsOrigins => {
    using server = await serve({ ...(corsOrigins && { corsOrigins }) })
    await server.ask('PUT', '/v1/kv/a', '1')
    const writes = server.node.writes
    for (const [method, path, body] of [
      ['POST', '/key', '{"a":"2"}'],
      ['PUT', '/v1/kv/a', '2'],
      ['DELETE', '/v1/kv/a', undefined],
      ['POST', '/v1/leases', '{"ttlMs":1000}'],
      ['POST', '/join', '{"id":"n9","addr":"a:1"}'],
    ] as const) {
      for (const origin of [other, 'null', `http://127.0.0.1:${server.port + 1}`, 'rubbish\u00ff']) {
        const refused = await server.ask(method, path, body, { Origin: origin, 'Content-Type': 'text/plain' })
        expect([origin, refused.status, refused.code]).toEqual([origin, 403, 'ORIGIN_NOT_ALLOWED'])
        expect(refused.headers).not.toHaveProperty('access-control-allow-origin')
      }
    }
    expect(server.node.writes).toBe(writes)
    const read = await server.ask('GET', '/v1/kv/a', undefined, { Origin: other })
    expect(read.headers).not.toHaveProperty('access-control-allow-origin')
    const asked = await server.ask('OPTIONS', '/v1/kv/a', undefined, { Origin: other, ...preflight })
    expect(asked.headers).not.toHaveProperty('access-control-allow-origin')
    expect(asked.status).toBe(403)
  })

  it('that the same host has served may write, and so may everybody that is no page', async () => {
    using server = await serve()
    const same = { Origin: `http://127.0.0.1:${server.port}` }
    expect((await server.ask('PUT', '/v1/kv/a', '1', same)).status).toBe(200)
    expect((await server.ask('PUT', '/v1/kv/a', '1')).status).toBe(200)
  })

  it.each([
    ['evil.test', false],
    ['127.0.0.1.evil.test', false],
    ['localhost.evil.test', false],
    ['[evil.test]', false],
    ['localhost', true],
    ['app.localhost', true],
    ['192.168.0.7', true],
    ['[::1]', true],
  ])('that came under the name %s, which may have been led here, may write: %s', async (host, may) => {
    using server = await serve()
    const at = `${host}:${server.port}`
    const put = await server.ask('PUT', '/v1/kv/a', '1', { Host: at, Origin: `http://${at.toLowerCase()}` })
    expect(put).toMatchObject(may ? { status: 200 } : { status: 403, code: 'ORIGIN_NOT_ALLOWED' })
    expect(await server.ask('PUT', '/v1/kv/a', '1', { Host: at })).toMatchObject({ status: 200 }) // no page
  })

  it('of another name read nothing either where only this machine reaches the node, unless the name was given', async () => {
    using server = await serve({ corsOrigins: [app, 'http://raft.test:8180'], namesDoubted: 'everywhere' })
    for (const Host of ['evil.test', `evil.test:${server.port}`, 'localhost.evil.test', 'raft.test']) {
      for (const path of ['/v1/kv/a', '/v1/kv', '/metrics']) {
        expect(await server.ask('GET', path, undefined, { Host })).toMatchObject({ status: 403, code: 'HOST_NOT_ALLOWED' })
      }
      const put = await server.ask('PUT', '/v1/kv/a', '1', { Host })
      expect(put.json()).toMatchObject({ error: { code: 'HOST_NOT_ALLOWED', message: expect.stringContaining(JSON.stringify(Host)) } })
    }
    expect(server.node.writes).toBe(0)
    for (const Host of [
      'localhost',
      'LOCALHOST',
      `localhost:${server.port}`,
      '127.0.0.1',
      '[::1]:8180',
      'app.example.com',
      'raft.test:8180',
    ]) {
      expect(await server.ask('GET', '/v1/kv', undefined, { Host })).toMatchObject({ status: 200 })
    }
    expect(await server.raw('GET /v1/kv HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
    using open = await serve({ corsOrigins: ['*'], namesDoubted: 'everywhere' })
    expect(await open.ask('GET', '/v1/kv', undefined, { Host: 'evil.test' })).toMatchObject({ status: 200 })
  })

  it.each([
    ['127.0.0.1', { tls: false, tokens: false }, 'everywhere'],
    ['::1', { tls: false, tokens: false }, 'everywhere'],
    ['0.0.0.0', { tls: false, tokens: false }, 'inWrites'],
    ['127.0.0.1', { tls: true, tokens: false }, 'nowhere'],
    ['0.0.0.0', { tls: false, tokens: true }, 'nowhere'],
  ])('are doubted by their names on %s with %o: %s', (host, protection, doubted) => {
    expect(namesDoubted({ host, port: 1 }, protection)).toBe(doubted)
  })

  it('of all origins may, with *', async () => {
    using server = await serve({ corsOrigins: ['*'] })
    const put = await server.ask('PUT', '/v1/kv/a', '1', { Origin: other })
    expect(put).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': '*' } })
  })

  it('need a token all the same, but not for the question that browsers ask first', async () => {
    using server = await serve({ corsOrigins: [app], tokens: 'admin me token-of-the-operator' })
    expect((await server.ask('OPTIONS', '/v1/kv/a', undefined, { Origin: app, ...preflight })).status).toBe(200)
    const refused = await server.ask('PUT', '/v1/kv/a', '1', { Origin: app })
    expect(refused).toMatchObject({ status: 401, headers: { 'access-control-allow-origin': app } })
  })

  it.each(['app.example.com', 'https://app.example.com/', 'https://app.example.com/path', ''])('%j is no origin', origin => {
    expect(() => new Pages([origin])).toThrow('is not an origin')
  })
})
