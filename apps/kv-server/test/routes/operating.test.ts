import { describe, expect, it, vi } from 'vitest'
import { KvStore } from '../../src/store/kv-store.ts'
import { serve } from '../support/serve.ts'

const tokens = `# for tests
read reader token-of-the-reader
write writer token-of-the-writer
admin operator token-of-the-operator
`
const as = (name: string) => ({ Authorization: `Bearer token-of-the-${name}` })

describe('members', () => {
  it('are listed, promoted, demoted and removed', async () => {
    using server = await serve()
    const list = (await server.ask('GET', '/v1/members')).json()
    expect(list).toMatchObject({ leader: { id: 'n1' }, membershipIndex: 3, members: [{ id: 'n1', voter: true, reachable: true }, {}, {}] })
    for (const [method, path] of [
      ['POST', '/v1/members/n2/promote'],
      ['POST', '/v1/members/n2/demote'],
      ['DELETE', '/v1/members/n2'],
    ] as const) {
      expect((await server.ask(method, path)).json()).toEqual({ index: 10 })
      expect(await server.ask(method, path.replace('n2', 'n9'))).toMatchObject({ status: 404, code: 'MEMBER_NOT_FOUND' })
    }
  })

  it('take leadership over', async () => {
    using server = await serve()
    expect((await server.ask('POST', '/v1/leader/transfer')).json()).toEqual({ leader: 'n2' })
    expect((await server.ask('POST', '/v1/leader/transfer', '{"target":"n3"}')).json()).toEqual({ leader: 'n2' })
    expect(await server.ask('POST', '/v1/leader/transfer', '{"target":"n9"}')).toMatchObject({ status: 404, code: 'MEMBER_NOT_FOUND' })
    expect(await server.ask('POST', '/v1/leader/transfer', '{"target":3}')).toMatchObject({ status: 400 })
  })
})

describe('snapshots', () => {
  it('are downloaded and restored: all keys, with new revisions, without those on leases', async () => {
    using server = await serve()
    await server.ask('PUT', '/v1/kv/a', 'one')
    await server.ask('PUT', '/v1/kv/b%ff', Buffer.from([0, 255]))
    await server.ask('PUT', '/v1/kv/c?ttl=9000', 'goes')
    const download = await server.ask('GET', '/v1/snapshot')
    expect(download).toMatchObject({ status: 200, headers: { 'content-disposition': 'attachment; filename="snapshot-13.kv"' } })
    const copy = new KvStore()
    await copy.restore(
      (async function* () {
        yield download.bytes
      })(),
    )
    expect(copy.size).toBe(3)

    await server.ask('PUT', '/v1/kv/a', 'two')
    await server.ask('PUT', '/v1/kv/d', 'new')
    const restored = await server.ask('PUT', '/v1/snapshot', download.bytes)
    expect(restored.json()).toEqual({ revision: 18, keys: 2 })
    expect([...server.store.values()].map(({ key, value }) => [key, value])).toEqual([
      ['a', 'one'],
      ['b\xff', '\0\xff'],
    ])
    expect(server.store.get('a')?.modified).toBeGreaterThan(15)
  })

  it('go through the log in commands no longer than what they hold of the largest value', async () => {
    using server = await serve()
    const largest = Buffer.alloc(1024 * 1024)
    for (const [key, value] of Object.entries({ a: largest.subarray(0, 250 * 1024), b: largest, c: 'small', d: 'small' })) {
      await server.ask('PUT', `/v1/kv/${key}`, value)
    }
    const { bytes } = await server.ask('GET', '/v1/snapshot')
    const apply = vi.spyOn(server.node, 'apply')
    expect((await server.ask('PUT', '/v1/snapshot', bytes)).json()).toMatchObject({ keys: 4 })
    const lengths = apply.mock.calls.map(([command]) => command.length)
    expect(lengths.length).toBe(5)
    expect(Math.max(...lengths)).toBeLessThan(largest.length + 100)
  })

  it('that are damaged, cut or none change nothing', async () => {
    using server = await serve()
    await server.ask('PUT', '/v1/kv/a', 'one')
    const { bytes } = await server.ask('GET', '/v1/snapshot')
    const flipped = Buffer.from(bytes)
    flipped[bytes.indexOf('one')] = 0x7a
    for (const bad of [flipped, bytes.subarray(0, -3), Buffer.from('what is this'), Buffer.alloc(0), Buffer.alloc(100, 255)]) {
      expect(await server.ask('PUT', '/v1/snapshot', bad)).toMatchObject({ status: 400, code: 'INVALID_SNAPSHOT' })
    }
    expect(server.store.get('a')?.value).toBe('one')
  })

  it('over the limit are refused, and are taken on demand', async () => {
    using server = await serve({ limits: { restoreBytesMax: 10 } })
    expect(await server.ask('PUT', '/v1/snapshot', Buffer.alloc(11))).toMatchObject({ status: 413 })
    expect((await server.ask('POST', '/v1/snapshot/take')).json()).toEqual({ index: server.node.index })
  })
})

describe('tokens', () => {
  it.each([
    ['GET', '/v1/kv/a', 'read'],
    ['GET', '/v1/watch?since=x', 'read'],
    ['GET', '/metrics', 'read'],
    ['PUT', '/v1/kv/a', 'write'],
    ['POST', '/key', 'write'],
    ['POST', '/v1/leases', 'write'],
    ['DELETE', '/v1/members/n9', 'admin'],
    ['GET', '/v1/snapshot', 'admin'],
    ['POST', '/v1/join-secrets', 'admin'],
    ['POST', '/join', 'admin'],
  ])('%s %s needs the role %s', async (method, path, role) => {
    using server = await serve({ tokens })
    const body =
      method === 'POST' && path === '/join'
        ? '{"id":"x","addr":"a:1","incarnation":"i"}'
        : method === 'GET' || method === 'DELETE'
          ? undefined
          : '{}'
    expect(await server.ask(method, path, body)).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } })
    const strange = { Authorization: 'Bearer nobody-knows-this-one' }
    expect((await server.ask(method, path, body, strange)).status).toBe(path === '/join' ? 403 : 401)
    const names = ['reader', 'writer', 'operator']
    const enough = ['read', 'write', 'admin'].indexOf(role)
    for (const [at, name] of names.entries()) {
      const { status } = await server.ask(method, path, body, as(name))
      if (at < enough) expect([name, status]).toEqual([name, 403])
      else expect([401, 403]).not.toContain(status)
    }
  })

  it('are not needed for health and the description', async () => {
    using server = await serve({ tokens })
    for (const path of ['/livez', '/readyz', '/v1/openapi.json']) expect(await server.ask('GET', path)).toMatchObject({ status: 200 })
  })

  it('and secrets let nodes join: a secret once, for one of them', async () => {
    using server = await serve({ tokens })
    const created = await server.ask('POST', '/v1/join-secrets', '{"ttlMs":60000}', as('operator'))
    expect(created.headers['cache-control']).toBe('no-store')
    const { secret } = created.json() as { secret: string }
    const join = (incarnation: string) => {
      const body = JSON.stringify({ id: 'n4', addr: '127.0.0.1:1', incarnation })
      return server.ask('POST', '/join', body, { Authorization: `Bearer ${secret}` })
    }
    expect(await join('one')).toMatchObject({ status: 200 })
    expect(await join('one')).toMatchObject({ status: 200 })
    const before = server.node.writes
    expect(await join('two')).toMatchObject({ status: 403, code: 'SECRET_UNKNOWN' })
    expect(server.node.writes).toBe(before)
    server.pass(0)
    server.pass(60_000)
    expect(await join('one')).toMatchObject({ status: 403 })
    expect(JSON.stringify([...server.store.secrets.records.values()])).not.toContain(secret)
  })

  it.each(['{"ttlMs":0}', '{"ttlMs":1e12}', '[]'])('refuse a join secret with %s', async body => {
    using server = await serve()
    expect(await server.ask('POST', '/v1/join-secrets', body)).toMatchObject({ status: 400 })
  })
})

describe('overload', () => {
  it('is refused before it begins, but health is answered', async () => {
    using server = await serve({ limits: { requestsMax: 2 } })
    let go = () => {}
    server.node.gate = new Promise(resolve => (go = resolve))
    const slow = [server.ask('PUT', '/v1/kv/a', '1'), server.ask('PUT', '/v1/kv/b', '1')]
    await expect.poll(() => server.service.load.requests).toBe(2)
    const refused = await server.ask('PUT', '/v1/kv/c', '1')
    expect(refused).toMatchObject({ status: 429, code: 'OVERLOADED', headers: { 'retry-after': '1' } })
    expect(refused.json()).toMatchObject({ error: { outcome: 'not-applied' } })
    expect(await server.ask('GET', '/livez')).toMatchObject({ status: 200 })
    go()
    expect((await Promise.all(slow)).map(answer => answer.status)).toEqual([200, 200])
    expect(server.store.get('c')).toBeUndefined()
  })

  it('of bodies is refused, and forgotten when they are read', async () => {
    using server = await serve({ limits: { bodiesBytesMax: 100 } })
    expect(await server.ask('PUT', '/v1/kv/a', 'x'.repeat(101))).toMatchObject({ status: 429, code: 'OVERLOADED' })
    expect(await server.ask('PUT', '/v1/kv/a', 'x'.repeat(100))).toMatchObject({ status: 200 })
    expect(server.service.load).toMatchObject({ requests: 0, bodyBytes: 0 })
  })
})

describe('/metrics', () => {
  it('says what Prometheus reads', async () => {
    using server = await serve()
    server.node.members = server.node.members.map(member => ({ ...member, match: { n1: 11, n2: 0, n3: 7 }[member.id] }))
    await server.ask('PUT', '/v1/kv/a', '1')
    await server.ask('GET', '/v1/kv/missing')
    const { text, headers } = await server.ask('GET', '/metrics')
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    for (const line of [
      'raft_up 1',
      'raft_is_leader 1',
      'raft_term 3',
      'raft_failure_tolerance 1',
      'raft_peer_reachable{peer="n2"} 1',
      'kv_keys 1',
      'http_requests_total{method="PUT",route="/v1/kv/{key}",code="200"} 1',
      'http_requests_total{method="GET",route="/v1/kv/{key}",code="404"} 1',
      'http_request_duration_seconds_count{method="PUT",route="/v1/kv/{key}"} 1',
      'http_request_duration_seconds_bucket{method="PUT",route="/v1/kv/{key}",le="+Inf"} 1',
      '# TYPE process_resident_memory_bytes gauge',
    ]) {
      expect(text.split('\n')).toContain(line)
    }
    const families = text.match(/^# TYPE \w+/gm) ?? []
    expect(new Set(families).size).toBe(families.length)
    // n2 has not said yet what it has, n3 has.
    expect(text).not.toMatch(/^raft_peer_lag_entries\{peer="n2"\}/m)
    expect(text).toMatch(/^raft_peer_lag_entries\{peer="n3"\} 4$/m)
    for (const line of text.trim().split('\n')) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)+\})? -?[\d.e+-]+)$/)
  })
})
