import { strict as assert } from 'node:assert'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expectCases, jsonOf } from '../harness/cases.ts'
import { prepare, startCluster, votersAre } from '../harness/cluster.ts'
import { ask } from '../harness/http.ts'
import type { TestNode } from '../harness/node.ts'
import { spawnRaftctl } from '../harness/raftctl.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

type Role = 'read' | 'write' | 'admin'
type Operation = { readonly operationId: string; readonly 'x-role'?: Role; readonly responses: Readonly<Record<string, unknown>> }
type Described = { readonly method: string; readonly path: string; readonly operation: Operation }

const tokens = { read: 'token-that-may-read', write: 'token-that-may-write', admin: 'token-of-an-admin' }
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

/** What makes sense to each operation, so that nothing but the fault stands in its way. */
const bodies: Readonly<Record<string, string>> = {
  put: 'x',
  txn: '{"success":[{"op":"get","key":"a"}]}',
  setKeys: '{"a":"1"}',
  grantLease: '{"ttlMs":5000}',
  lock: '{"lease":1}',
  join: '{"id":"n9","addr":"127.0.0.1:1","incarnation":"i"}',
}
const queries: Readonly<Record<string, string>> = { deletePrefix: '?prefix=a', unlock: '?lease=1' }
/** These tell about the node itself, with or without a leader; a watch is from what the node has. */
const withoutLeader = ['status', 'members', 'metrics', 'openapi', 'livez', 'readyz', 'watch', 'takeSnapshot']

export const routeAccess: readonly Scenario[] = [
  {
    name: 'every route that is described: 401 without a token, 403 with one that may less, and no token in any log',
    run: async folder => {
      const file = join(folder, 'tokens')
      await writeFile(
        file,
        Object.entries(tokens)
          .map(([role, token]) => `${role} ${role}er ${token}\n`)
          .join(''),
      )
      const node = (await prepare(folder, ['--tokens', file, '--log-level', 'debug'], 1)).node(1)
      await node.start()
      await node.ready()
      for (const { method, path, operation } of await described(node)) {
        const role = operation['x-role']
        if (role === undefined) continue
        const what = `${method} ${path}`
        const status = async (headers: Record<string, string>) => (await ask(method, node.http, path, requestTo(operation, headers))).status
        assert.equal(await status({}), 401, what)
        assert.equal(await status(bearer('token-of-a-stranger')), operation.operationId === 'join' ? 403 : 401, what)
        if (role !== 'read') assert.equal(await status(bearer(role === 'admin' ? tokens.write : tokens.read)), 403, what)
      }
      const put = async (token: string) => (await ask('PUT', node.http, '/v1/kv/a', { body: '1', headers: bearer(token) })).status
      assert.equal(await put(tokens.write), 200)
      await writeFile(file, 'write other token-that-came-later\n')
      node.process.signal('SIGHUP')
      await eventually('the new tokens count', async () => assert.equal(await put('token-that-came-later'), 200))
      assert.equal(await put(tokens.write), 401)
      await writeFile(file, 'nonsense\n')
      node.process.signal('SIGHUP')
      await eventually('the log says what is wrong', () => assert.match(node.process.stderr, /tokens stay as they were: line 1/))
      assert.equal(await put('token-that-came-later'), 200)
      const said = node.process.stdout + node.process.stderr
      for (const token of Object.values(tokens)) assert(!said.includes(token), `a token was logged: ${token}`)
    },
  },
  {
    name: 'every route that is described, on a node that has lost the others: 503 with what is missing, and nothing done',
    run: async folder => {
      const cluster = await startCluster(folder, ['--answer-timeout-ms', '700'])
      const node = cluster.node(1)
      const all = await described(node)
      await Promise.all([cluster.node(2).kill(), cluster.node(3).kill()])
      await eventually('it knows no leader', async () => assert.equal((await ask('GET', node.http, '/readyz')).status, 503))
      const asked = all.filter(
        ({ operation }) => !withoutLeader.includes(operation.operationId) && operation.operationId !== 'restoreSnapshot',
      )
      await Promise.all(
        asked.map(async ({ method, path, operation }) => {
          if (/members\/|transfer|^\/join/.test(path)) return // answered below
          const { status, text, headers } = await ask(method, node.http, path, requestTo(operation, {}))
          const what = `${method} ${path}: ${status} ${text}`
          assert.equal(status, 503, what)
          const { error } = JSON.parse(text)
          assert.match(error.message, /1 of 3 voters reachable, 2 needed|no leader/, what)
          if (method !== 'GET') assert.equal(error.outcome, 'not-applied', what)
          assert(Number(headers.get('retry-after')) > 0, what)
          assert(Object.hasOwn(operation.responses, '503'), what)
        }),
      )
      for (const path of ['/v1/members/n2/promote', '/v1/leader/transfer']) {
        const { status } = await ask('POST', node.http, path)
        assert(status === 503 || status === 504, `${path}: ${status}`)
      }
    },
  },
  {
    name: 'join secrets let one node in, once; a wrong one lets in nobody',
    run: async folder => {
      const file = join(folder, 'tokens')
      await writeFile(file, `admin operator ${tokens.admin}\n`)
      const cluster = await prepare(folder, ['--tokens', file])
      const first = cluster.node(1)
      await first.start()
      await first.ready()
      const { secret } = jsonOf(await ask('POST', first.http, '/v1/join-secrets', { headers: bearer(tokens.admin) }))
      const second = cluster.node(2)
      await second.start(['--join', first.http, '--join-secret', secret])
      await eventually('it votes', async () => {
        const { members } = jsonOf(await ask('GET', first.http, '/v1/members', { headers: bearer(tokens.admin) }))
        assert.equal(members.filter(({ voter }: { voter: boolean }) => voter).length, 2)
      })
      for (const wrong of [secret, 'join-nonsense']) {
        const third = spawnRaftctl(cluster.node(3).command(['--join', first.http, '--join-secret', wrong]))
        assert.notEqual((await third.ended).code, 0)
        assert.match(third.stderr, /join secret is wrong, used or out of date/)
        assert(!third.stderr.includes(wrong), 'the secret was printed')
      }
      for (const node of [first, second]) assert(!(node.process.stdout + node.process.stderr).includes(secret), 'the secret was logged')
    },
  },
  {
    name: 'a web page may use a node whose --cors-origins names its origin, and no other may write',
    run: async folder => {
      const app = 'https://app.example.com'
      const cluster = await prepare(folder, [], 2)
      const [open, closed] = [cluster.node(1), cluster.node(2)]
      await open.start(['--cors-origins', `${app},http://localhost:5173`])
      await open.ready()
      await closed.start(['--join', open.http])
      await closed.ready()
      const leave = { Origin: app, 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'if-match' }
      const asked = await ask('OPTIONS', open.http, '/v1/kv/a', { headers: leave })
      assert.equal(asked.headers.get('access-control-allow-origin'), app)
      const put = (node: TestNode, Origin: string) => ask('PUT', node.http, '/v1/kv/a', { body: '1', headers: { Origin } })
      for (const origin of [app, 'http://localhost:5173', `http://${open.http}`]) assert.equal((await put(open, origin)).status, 200)
      await expectCases(open.http, [
        ['PUT', '/v1/kv/a', { body: '2', headers: { Origin: 'https://other.example.com' } }, 403, 'ORIGIN_NOT_ALLOWED'],
        ['POST', '/key', { body: '{"a":"2"}', headers: { Origin: 'null' } }, 403, 'ORIGIN_NOT_ALLOWED'],
      ])
      await expectCases(closed.http, [['PUT', '/v1/kv/a', { body: '2', headers: { Origin: app } }, 403, 'ORIGIN_NOT_ALLOWED']])
      const read = await ask('GET', open.http, '/v1/kv/a', { headers: { Origin: app } })
      assert.equal(read.text, '1')
      assert.match(read.headers.get('access-control-expose-headers') ?? '', /ETag/)
      assert.equal(
        (await ask('GET', closed.http, '/v1/kv/a', { headers: { Origin: app } })).headers.get('access-control-allow-origin'),
        null,
      )
    },
  },
  {
    name: 'too much at once is refused with 429 and Retry-After, and the rest goes on',
    run: async folder => {
      const cluster = await startCluster(folder, ['--requests-max', '4', '--answer-timeout-ms', '2000'])
      const node = cluster.node(1)
      await Promise.all([cluster.node(2).kill(), cluster.node(3).kill()])
      const asked = await Promise.all(Array.from({ length: 12 }, () => ask('PUT', node.http, '/v1/kv/a', { body: '1' })))
      const refused = asked.filter(({ status }) => status === 429)
      assert(
        refused.length >= 1 && refused.every(({ headers }) => headers.get('retry-after') === '1'),
        `${asked.map(({ status }) => status)}`,
      )
      assert(asked.some(({ status }) => status === 503 || status === 504))
      await cluster.node(2).start()
      await votersAre(node, 3)
      await eventually('it writes again', async () => assert.equal((await ask('PUT', node.http, '/v1/kv/a', { body: '1' })).status, 200))
    },
  },
]

async function described(node: TestNode): Promise<readonly Described[]> {
  const { paths } = jsonOf(await ask('GET', node.http, '/v1/openapi.json')) as { paths: Record<string, Record<string, Operation>> }
  const filled = (path: string) => path.replace('{key}', 'a').replace('{name}', 'a').replace('{lease}', '1').replace('{id}', 'n1')
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: `${filled(path)}${queries[operation.operationId] ?? ''}`,
      operation,
    })),
  )
}

function requestTo({ operationId }: Operation, headers: Record<string, string>) {
  const body = bodies[operationId]
  return { headers, ...(body !== undefined && { body }) }
}
