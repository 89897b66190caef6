import { strict as assert } from 'node:assert'
import { expectCases, jsonOf } from '../harness/cases.ts'
import { followersOf, leaderOf, startCluster } from '../harness/cluster.ts'
import { ask } from '../harness/http.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

export const routeLeases: readonly Scenario[] = [
  {
    name: '/v1/leases and /v1/locks: granted, kept alive, revoked; locks in turn, with tokens that grow, on any node; every refusal',
    run: async folder => {
      const cluster = await startCluster(folder)
      const [one, two] = await followersOf(cluster)
      const post = async (path: string, body: unknown) => ask('POST', one.http, path, { body: JSON.stringify(body) })
      const { lease } = jsonOf(await post('/v1/leases', { ttlMs: 60_000 }))
      const { lease: second } = jsonOf(await post('/v1/leases', { ttlMs: 60_000 }))
      assert.equal(jsonOf(await ask('POST', two.http, `/v1/leases/${lease}/keep-alive`)).ttlMs, 60_000)
      await ask('PUT', one.http, `/v1/kv/mine?lease=${lease}`, { body: '1' })
      assert.equal(jsonOf(await ask('GET', two.http, `/v1/leases/${lease}`)).keys, 1)
      assert.equal(jsonOf(await ask('GET', two.http, '/v1/leases')).leases.length, 2)

      const held = jsonOf(await post('/v1/locks/job', { lease, value: 'first' }))
      assert.equal(held.state, 'held')
      const waiting = await ask('POST', two.http, '/v1/locks/job', { body: JSON.stringify({ lease: second, value: 'second' }) })
      assert.deepEqual([waiting.status, JSON.parse(waiting.text).ahead], [202, 1])
      const soon = ask('POST', two.http, '/v1/locks/job', { body: JSON.stringify({ lease: second, waitMs: 10_000 }), timeoutMs: 12_000 })
      const watching = ask('GET', two.http, `/v1/locks/job?not=${held.token}&waitMs=10000`, { timeoutMs: 12_000 })
      assert.equal(jsonOf(await ask('DELETE', one.http, `/v1/locks/job?lease=${lease}`)).released, true)
      const next = jsonOf(await soon)
      assert(next.state === 'held' && next.token > held.token, JSON.stringify(next))
      assert.equal(jsonOf(await watching).holder.token, next.token)
      assert.equal(jsonOf(await ask('GET', one.http, '/v1/locks')).locks.length, 1)
      assert.equal(jsonOf(await ask('DELETE', one.http, `/v1/leases/${second}`)).deleted, 0)
      assert.equal(jsonOf(await ask('GET', two.http, '/v1/locks/job')).holder, null)
      assert.equal(jsonOf(await ask('DELETE', two.http, `/v1/leases/${lease}`)).deleted, 1)
      assert.equal((await ask('GET', one.http, '/v1/kv/mine')).status, 404)

      await expectCases(one.http, [
        ['GET', '/v1/leases/999999', {}, 404, 'LEASE_NOT_FOUND'],
        ['GET', '/v1/leases/x', {}, 404, 'LEASE_NOT_FOUND'],
        ['DELETE', '/v1/leases/999999', {}, 404, 'LEASE_NOT_FOUND'],
        ['POST', '/v1/leases/999999/keep-alive', {}, 404, 'LEASE_NOT_FOUND'],
        ['POST', '/v1/leases', { body: '{}' }, 400, 'INVALID_BODY'],
        ['POST', '/v1/leases', { body: '{"ttlMs":1}' }, 400, 'INVALID_BODY'],
        ['POST', '/v1/locks/job', { body: '{"lease":999999}' }, 404, 'LEASE_NOT_FOUND'],
        ['POST', '/v1/locks/job', { body: '{}' }, 400, 'INVALID_BODY'],
        ['POST', '/v1/locks/job', { body: '{"lease":1,"waitMs":600000}' }, 400, 'INVALID_BODY'],
        ['DELETE', '/v1/locks/job', {}, 400, 'INVALID_QUERY'],
        ['GET', '/v1/locks/job?waitMs=x', {}, 400, 'INVALID_QUERY'],
        ['PUT', '/v1/locks/job', { body: 'x' }, 405, 'METHOD_NOT_ALLOWED'],
      ])
    },
  },
  {
    name: 'a lease does not end early: not by a change of leader, a paused leader, or a killed one; and it does end',
    run: async folder => {
      const cluster = await startCluster(folder)
      const ttlMs = 3_000
      const [one] = await followersOf(cluster)
      const granted = performance.now()
      const { lease } = jsonOf(await ask('POST', one.http, '/v1/leases', { body: JSON.stringify({ ttlMs }) }))
      const leader = await leaderOf(cluster)
      leader.process.signal('SIGSTOP')
      const next = await leaderOf({ ...cluster, nodes: cluster.nodes.filter(node => node !== leader) }, [leader])
      leader.process.signal('SIGCONT')
      await ask('POST', next.http, '/v1/leader/transfer')
      const last = await leaderOf(cluster)
      await last.kill()
      const asked = cluster.nodes.find(node => node !== last && node.running)?.http ?? ''
      await eventually('the lease has ended', async () => {
        const { status, text } = await ask('GET', asked, `/v1/leases/${lease}`)
        const livedMs = performance.now() - granted
        if (status === 404) assert(livedMs >= ttlMs, `it ended after ${Math.round(livedMs)} ms`)
        assert.equal(status, 404, text)
      })
    },
  },
]
