import { strict as assert } from 'node:assert'
import { rm } from 'node:fs/promises'
import { expectCases, jsonOf } from '../harness/cases.ts'
import { followersOf, leaderOf, prepare, startCluster, votersAre } from '../harness/cluster.ts'
import { ask, get, set } from '../harness/http.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

export const routeOperating: readonly Scenario[] = [
  {
    name: '/v1/members, /v1/leader/transfer, /v1/status: members change, leadership moves, from any node; every refusal',
    run: async folder => {
      const cluster = await startCluster(folder)
      const [one, two] = await followersOf(cluster)
      const before = await leaderOf(cluster)
      assert.equal(jsonOf(await ask('GET', one.http, '/v1/members')).members.length, 3)
      const target = one.settings.id
      assert.equal(jsonOf(await ask('POST', two.http, '/v1/leader/transfer', { body: JSON.stringify({ target }) })).leader, target)
      assert.equal(await leaderOf(cluster), one)
      const id = before.settings.id
      await ask('POST', two.http, `/v1/members/${id}/demote`)
      await votersAre(one, 2)
      await ask('POST', two.http, `/v1/members/${id}/promote`)
      await votersAre(one, 3)
      jsonOf(await ask('DELETE', two.http, `/v1/members/${id}`))
      await votersAre(two, 2) // each node hears of it by itself
      assert.equal(jsonOf(await ask('GET', two.http, '/v1/status')).quorum.failureTolerance, 0)
      await expectCases(two.http, [
        ['DELETE', '/v1/members/n9', {}, 404, 'MEMBER_NOT_FOUND'],
        ['POST', '/v1/members/n9/promote', {}, 404, 'MEMBER_NOT_FOUND'],
        ['POST', '/v1/members/n9/demote', {}, 404, 'MEMBER_NOT_FOUND'],
        ['POST', '/v1/leader/transfer', { body: '{"target":"n9"}' }, 404, 'MEMBER_NOT_FOUND'],
        ['POST', '/v1/leader/transfer', { body: '{"target":9}' }, 400, 'INVALID_BODY'],
        ['POST', '/v1/join-secrets', { body: '{"ttlMs":0}' }, 400, 'INVALID_BODY'],
        ['POST', '/join', { body: '{"id":"n9"}' }, 400, 'INVALID_BODY'],
        ['POST', '/join', { body: '{"id":"n9","addr":"nowhere"}' }, 400, 'INVALID_ARGUMENT'],
        ['GET', '/join', {}, 405, 'METHOD_NOT_ALLOWED'],
        ['POST', '/v1/status', {}, 405, 'METHOD_NOT_ALLOWED'],
        ['GET', '/v1/nothing', {}, 404, 'NOT_FOUND'],
      ])
    },
  },
  {
    name: '/join by hand, with what curl knows of a node: it is a member from then on, and votes once it is started',
    run: async folder => {
      const cluster = await prepare(folder)
      await cluster.node(1).start()
      await cluster.node(1).ready()
      const by = cluster.node(1).http
      const body = (at: 2 | 3, more: object = {}) => {
        const { id, raft: addr, http } = cluster.node(at).settings
        return JSON.stringify({ id, addr, http, ...more })
      }
      for (const at of [2, 3] as const) {
        for (const times of [1, 2]) {
          const { id, members } = jsonOf(await ask('POST', by, '/join', { body: body(at) }))
          assert.deepEqual([id, members.length], [`n${at}`, at], `time ${times}`)
        }
      }
      await set(by, 'foo', 'bar') // they do not vote, so nobody waits for them
      for (const at of [2, 3] as const) await cluster.node(at).start(['--join', by])
      await votersAre(cluster.node(1), 3)
      await cluster.node(3).ready()
      assert.equal(await get(cluster.node(3).http, 'foo'), 'bar')
      await expectCases(by, [['POST', '/join', { body: body(2, { addr: '127.0.0.1:1' }) }, 409, 'ALREADY_A_MEMBER']])

      await cluster.node(3).kill()
      await rm(cluster.node(3).settings.dir, { recursive: true })
      assert.equal(jsonOf(await ask('POST', by, '/join', { body: body(3, { replace: true }) })).id, 'n3~2')
      await cluster.node(3).start(['--join', by])
      await votersAre(cluster.node(1), 3)
      await cluster.node(3).ready()
      assert.equal(await get(cluster.node(3).http, 'foo'), 'bar')
    },
  },
  {
    name: '/v1/snapshot: what was downloaded comes back, on all nodes; a damaged one changes nothing',
    run: async folder => {
      const cluster = await startCluster(folder)
      const [one, two] = await followersOf(cluster)
      for (const key of ['a', 'b']) await ask('PUT', one.http, `/v1/kv/${key}`, { body: key })
      assert(jsonOf(await ask('POST', two.http, '/v1/snapshot/take')).index > 0)
      const { bytes } = await ask('GET', two.http, '/v1/snapshot')
      await ask('DELETE', one.http, '/v1/kv?prefix=')
      await ask('PUT', one.http, '/v1/kv/c', { body: 'c' })
      const damaged = bytes.slice()
      damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1
      for (const wrong of [damaged, bytes.slice(0, -1), Uint8Array.of(1, 2, 3)]) {
        const refused = await ask('PUT', two.http, '/v1/snapshot', { body: wrong })
        assert.deepEqual([refused.status, JSON.parse(refused.text).error.code], [400, 'INVALID_SNAPSHOT'])
      }
      assert.equal((await ask('GET', one.http, '/v1/kv/c')).text, 'c')
      assert.equal(jsonOf(await ask('PUT', two.http, '/v1/snapshot', { body: bytes })).keys, 2)
      for (const { http } of cluster.nodes) {
        const items = jsonOf(await ask('GET', http, '/v1/kv')).items as { key: string; value: string }[]
        assert.deepEqual(
          items.map(({ key, value }) => [key, value]),
          [
            ['a', 'a'],
            ['b', 'b'],
          ],
        )
      }
    },
  },
  {
    name: 'a node whose disk is nearly full reads, refuses writes, and says so; with room again it writes',
    run: async folder => {
      const node = (await prepare(folder, [], 1)).node(1)
      await node.start()
      await node.ready()
      await set(node.http, 'foo', 'bar')
      await node.stop()
      await node.start(['--min-free-bytes', String(Number.MAX_SAFE_INTEGER)])
      await eventually('it says that its disk is full', async () =>
        assert.match(
          (await ask('GET', node.http, '/readyz')).text,
          /^\[-\]disk failed: disk full: \d+ MiB are left in \S+, and writes need \d+ MiB/m,
        ),
      )
      await expectCases(node.http, [
        ['PUT', '/v1/kv/foo', { body: 'baz' }, 507, 'DISK_FULL'],
        ['POST', '/key', { body: '{"foo":"baz"}' }, 507, 'DISK_FULL'],
      ])
      assert.equal(await get(node.http, 'foo'), 'bar')
      await node.stop()
      await node.start()
      await node.ready()
      await set(node.http, 'foo', 'baz')
    },
  },
  {
    name: '/livez, /readyz, /metrics, /v1/openapi.json: with reasons, also on a node that lost the others',
    run: async folder => {
      const cluster = await startCluster(folder)
      const node = cluster.node(1)
      assert.match((await ask('GET', node.http, '/readyz?verbose')).text, /^(\[\+\][\w-]+ ok\n)+$/)
      assert.match((await ask('GET', node.http, '/metrics')).text, /^raft_voters_reachable 3$/m)
      assert.equal(jsonOf(await ask('GET', node.http, '/v1/openapi.json')).openapi, '3.1.0')
      await Promise.all([cluster.node(2).kill(), cluster.node(3).kill()])
      await eventually('it says what is missing', async () => {
        const { status, text } = await ask('GET', node.http, '/readyz')
        assert.equal(status, 503)
        assert.match(text, /^\[-\]leader failed: no leader: 1 of 3 voters reachable, 2 needed$/m)
      })
      assert.equal((await ask('GET', node.http, '/livez')).status, 200)
      assert.match((await ask('GET', node.http, '/metrics')).text, /^raft_has_leader 0$/m)
    },
  },
]
