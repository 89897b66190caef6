import { strict as assert } from 'node:assert'
import { connect, type Socket } from 'node:net'
import { expectCases, jsonOf } from '../harness/cases.ts'
import { prepare } from '../harness/cluster.ts'
import { ask } from '../harness/http.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

const limits = {
  'key-bytes-max': 20,
  'value-bytes-max': 30,
  'body-bytes-max': 500,
  'header-bytes-max': 2_048,
  'list-items-max': 10,
  'txn-operations-max': 2,
  'headers-timeout-ms': 500,
  'request-timeout-ms': 500,
  'keep-alive-timeout-ms': 500,
  'wait-timeout-ms': 400,
  'connections-max': 8,
  'restore-bytes-max': 1_000,
  'leases-max': 2,
  'lock-places-max': 1,
}

export const routeLimits: readonly Scenario[] = [
  {
    name: 'every limit that a flag sets: on keys, values, bodies, headers, lists, transactions, leases, locks, waiting, slow requests and connections',
    run: async folder => {
      const node = (
        await prepare(
          folder,
          Object.entries(limits).map(([name, value]) => `--${name}=${value}`),
          1,
        )
      ).node(1)
      await node.start()
      await node.ready()
      const { http } = node
      const lease = jsonOf(await ask('POST', http, '/v1/leases', { body: '{"ttlMs":60000}' })).lease
      await expectCases(http, [
        ['PUT', `/v1/kv/${'k'.repeat(20)}`, { body: 'v'.repeat(30) }, 200],
        ['PUT', `/v1/kv/${'k'.repeat(21)}`, { body: 'v' }, 400, 'INVALID_KEY'],
        ['PUT', '/v1/kv/k', { body: 'v'.repeat(31) }, 413, 'TOO_LARGE'],
        ['POST', '/key', { body: JSON.stringify({ k: 'v'.repeat(31) }) }, 413, 'TOO_LARGE'],
        ['POST', '/key', { body: 'x'.repeat(501) }, 413, 'TOO_LARGE'],
        ['GET', '/v1/kv?limit=11', {}, 400, 'INVALID_QUERY'],
        ['POST', '/v1/txn', { body: JSON.stringify({ success: Array(3).fill({ op: 'get', key: 'a' }) }) }, 413, 'TOO_LARGE'],
        ['POST', '/v1/locks/l', { body: JSON.stringify({ lease, waitMs: 401 }) }, 400, 'INVALID_BODY'],
        ['GET', '/v1/locks/l?not=0&waitMs=401', {}, 400, 'INVALID_QUERY'],
        ['PUT', '/v1/snapshot', { body: 'x'.repeat(1_001) }, 413, 'TOO_LARGE'],
        ['PUT', '/v1/kv/t?ttl=60000', { body: 'v' }, 200],
        ['PUT', '/v1/kv/u?ttl=60000', { body: 'v' }, 429, 'LIMIT_REACHED'],
        ['POST', '/v1/leases', { body: '{"ttlMs":60000}' }, 429, 'LIMIT_REACHED'],
        ['DELETE', '/v1/kv/t', {}, 200],
        ['POST', '/v1/locks/l', { body: JSON.stringify({ lease }) }, 200],
        ['POST', '/v1/locks/m', { body: JSON.stringify({ lease }) }, 429, 'LIMIT_REACHED'],
      ])
      // As long as a lease lives the leader writes down the time now and then; without one, only requests reach the log.
      await expectCases(http, [['DELETE', `/v1/leases/${lease}`, {}, 200]])
      const before = jsonOf(await ask('GET', http, '/v1/status')).last.index
      assert.match(
        await raw(http, `GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(3_000)}\r\n\r\n`),
        /^HTTP\/1\.1 431 .*HEADERS_TOO_LARGE/s,
      )
      assert.match(await raw(http, 'GET /livez HTTP/1.1\r\nHost: localhost\r\n'), /^HTTP\/1\.1 408 .*REQUEST_TIMEOUT/s)
      assert.match(
        await raw(http, 'PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc'),
        /^HTTP\/1\.1 408 .*REQUEST_TIMEOUT/s,
      )
      assert.match(await raw(http, 'hello\r\n\r\n'), /^HTTP\/1\.1 400 .*NOT_HTTP/s)
      assert.equal(jsonOf(await ask('GET', http, '/v1/status')).last.index, before, 'one of them reached the log')

      const open = await Promise.all(Array.from({ length: 20 }, () => dial(http)))
      await eventually('more connections than may be are closed', () => assert(open.filter(({ destroyed }) => destroyed).length >= 12))
      for (const socket of open) socket.destroy()
      await eventually('it answers again', async () => assert.equal((await ask('GET', http, '/livez')).status, 200))
    },
  },
]

function dial(address: string): Promise<Socket> {
  const [host, port] = address.split(':')
  return new Promise(resolve => {
    const socket = connect(Number(port), host, () => resolve(socket))
    socket.on('error', () => resolve(socket))
    socket.on('data', () => {}) // only who reads hears that it was closed
  })
}

/** What comes back until the server closes the connection. */
async function raw(address: string, bytes: string): Promise<string> {
  const socket = await dial(address)
  let text = ''
  socket.on('data', chunk => (text += chunk))
  socket.write(bytes)
  await new Promise(closed => socket.on('close', closed))
  return text
}
