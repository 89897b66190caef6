import { strict as assert } from 'node:assert'
import { type Case, expectCases, jsonOf } from '../harness/cases.ts'
import { followersOf, startCluster } from '../harness/cluster.ts'
import { ask } from '../harness/http.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

const long = 'x'.repeat(4_097)
const mistakes: readonly Case[] = [
  ['GET', '/v1/kv/nobody', {}, 404, 'KEY_NOT_FOUND'],
  ['GET', '/v1/kv/%zz', {}, 400, 'INVALID_KEY'],
  ['GET', `/v1/kv/${long}`, {}, 400, 'INVALID_KEY'],
  ['GET', '/v1/kv/a?consistency=lucky', {}, 400, 'INVALID_QUERY'],
  ['GET', '/v1/kv/a?consistency=stale&max-staleness=x', {}, 400, 'INVALID_QUERY'],
  ['PUT', '/v1/kv/a?ttl=0', { body: 'v' }, 400, 'INVALID_QUERY'],
  ['PUT', '/v1/kv/a?ttl=5&lease=5', { body: 'v' }, 400, 'INVALID_QUERY'],
  ['PUT', '/v1/kv/a?lease=999999', { body: 'v' }, 404, 'LEASE_NOT_FOUND'],
  ['PUT', '/v1/kv/a', { body: 'x'.repeat(2 ** 20 + 1) }, 413, 'TOO_LARGE'],
  ['PUT', '/v1/kv/a', { body: 'v', headers: { 'If-Match': '"999999"' } }, 412, 'PRECONDITION_FAILED'],
  ['PUT', '/v1/kv/a', { body: 'v', headers: { 'If-Match': 'nonsense' } }, 400, 'INVALID_HEADER'],
  ['PUT', '/v1/kv/a', { body: 'v', headers: { 'Idempotency-Key': 'a b' } }, 400, 'INVALID_HEADER'],
  ['DELETE', '/v1/kv/a', { headers: { 'If-Match': '"999999"' } }, 412, 'PRECONDITION_FAILED'],
  ['POST', '/v1/kv/a', { body: 'v' }, 405, 'METHOD_NOT_ALLOWED'],
]

export const routeKv: readonly Scenario[] = [
  {
    name: '/v1/kv/{key}: bytes, ETags, compare-and-set and idempotency keys, on any node; every refusal',
    run: async folder => {
      const cluster = await startCluster(folder)
      const [one, two] = await followersOf(cluster)
      const bytes = Uint8Array.of(0, 255, 10, 37)
      const put = await ask('PUT', one.http, '/v1/kv/%00%ff', { body: bytes })
      const etag = put.headers.get('etag') ?? ''
      assert.equal(etag, `"${jsonOf(put).revision}"`)
      const got = await ask('GET', two.http, '/v1/kv/%00%ff')
      assert.deepEqual([got.bytes, got.headers.get('etag')], [bytes, etag])
      assert.equal((await ask('GET', one.http, '/v1/kv/%00%ff', { headers: { 'If-None-Match': etag } })).status, 304)
      assert.equal((await ask('PUT', two.http, '/v1/kv/%00%ff', { body: 'new', headers: { 'If-Match': etag } })).status, 200)
      assert.equal((await ask('PUT', two.http, '/v1/kv/%00%ff', { body: 'newer', headers: { 'If-Match': etag } })).status, 412)
      assert.equal((await ask('PUT', one.http, '/v1/kv/b', { body: '1', headers: { 'If-None-Match': '*' } })).status, 200)

      const once = { body: '1', headers: { 'Idempotency-Key': 'order-17' } }
      const first = jsonOf(await ask('PUT', one.http, '/v1/kv/once', once))
      const again = await ask('PUT', two.http, '/v1/kv/once', once)
      assert.deepEqual([jsonOf(again), again.headers.get('idempotent-replayed')], [first, 'true'])
      await expectCases(one.http, [
        ['PUT', '/v1/kv/once', { ...once, body: '2' }, 422, 'IDEMPOTENCY_KEY_REUSED'],
        ['PUT', '/v1/kv/a', { body: 'v' }, 200],
        ...mistakes,
      ])
      assert.equal(jsonOf(await ask('DELETE', two.http, '/v1/kv/a')).deleted, 1)
      assert.equal(jsonOf(await ask('DELETE', two.http, '/v1/kv/a')).deleted, 0)
    },
  },
  {
    name: '/v1/kv/{key} with a time to live: the key goes, on every node, and not before its time',
    run: async folder => {
      const cluster = await startCluster(folder)
      const began = performance.now()
      await ask('PUT', cluster.node(1).http, '/v1/kv/short?ttl=1500', { body: 'x' })
      for (const node of cluster.nodes) {
        await eventually('the key is gone', async () => assert.equal((await ask('GET', node.http, '/v1/kv/short')).status, 404))
        assert(performance.now() - began >= 1_500, 'it went too early')
      }
    },
  },
  {
    name: 'stale reads say how old they may be, on a node that is cut off from the others too',
    run: async folder => {
      const cluster = await startCluster(folder)
      await ask('PUT', cluster.node(1).http, '/v1/kv/a', { body: '1' })
      const [one, two] = await followersOf(cluster)
      await eventually('the value is there', async () => assert.equal((await ask('GET', one.http, '/v1/kv/a?consistency=stale')).text, '1'))
      const fresh = await ask('GET', one.http, '/v1/kv/a?consistency=stale&max-staleness=2000&max-lag=1000')
      assert.deepEqual([fresh.status, fresh.headers.get('x-raft-lag')], [200, '0'])
      assert(Number(fresh.headers.get('x-raft-age-ms')) < 2_000)
      await Promise.all(cluster.nodes.filter(node => node !== one).map(node => node.kill()))
      assert.equal(two.running, false)
      await eventually('too old for who wants it fresh', async () => {
        const { status, text } = await ask('GET', one.http, '/v1/kv/a?consistency=stale&max-staleness=500')
        assert.deepEqual([status, JSON.parse(text).error?.code], [503, 'TOO_STALE'])
      })
      assert.equal((await ask('GET', one.http, '/v1/kv/a?consistency=stale')).text, '1')
    },
  },
  {
    name: 'a full table of idempotency keys refuses new ones, and forgets none',
    run: async folder => {
      const cluster = await startCluster(folder, ['--answers-max', '2'], 1)
      const { http } = cluster.node(1)
      const put = (key: string) => ['PUT', '/v1/kv/a', { body: key, headers: { 'Idempotency-Key': key } }] as const
      await expectCases(http, [
        [...put('k1'), 200],
        [...put('k2'), 200],
        [...put('k3'), 429, 'IDEMPOTENCY_TABLE_FULL'],
        [...put('k1'), 200],
        ['PUT', '/v1/kv/a', { body: 'without' }, 200],
      ])
    },
  },
]
