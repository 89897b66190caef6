import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { prepare, startCluster } from '../harness/cluster.ts'
import { ask, get, set } from '../harness/http.ts'
import type { TestNode } from '../harness/node.ts'
import type { Scenario } from '../harness/scenario.ts'

type Bad = readonly [what: string, method: string, path: string, body: string | undefined, status: number]

const requests: readonly Bad[] = [
  ['a key that is missing', 'GET', '/key/nobody', undefined, 404],
  ['a body that is not JSON', 'POST', '/key', 'foo=bar', 400],
  ['no body', 'POST', '/key', undefined, 400],
  ['an array', 'POST', '/key', '["foo"]', 400],
  ['a number for a value', 'POST', '/key', '{"foo": 1}', 400],
  ['an object for a value', 'POST', '/key', '{"foo": {"bar": "baz"}}', 400],
  ['null', 'POST', '/key', 'null', 400],
  ['a body over the limit', 'POST', '/key', JSON.stringify({ foo: 'x'.repeat(9 * 1024 * 1024) }), 413],
  ['an unknown path', 'GET', '/keys', undefined, 404],
  ['a wrong method', 'PUT', '/key', '{"foo":"bar"}', 405],
  ['a broken escape', 'GET', '/key/%E0%A4%A', undefined, 400],
  ['a join without an address', 'POST', '/join', '{"id":"n9"}', 400],
]

export const badRequests: readonly Scenario[] = [
  {
    name: `bad requests: ${requests.map(([what]) => what).join(', ')}: each a 4xx with code and message; the node goes on`,
    run: async folder => {
      const node = await one(folder)
      for (const [what, method, path, body, status] of requests) {
        const answer = await ask(method, node.http, path, body === undefined ? {} : { body })
        assert.equal(answer.status, status, `${what}: ${answer.status} ${answer.text.slice(0, 200)}`)
        const { error } = JSON.parse(answer.text)
        assert.match(error.code, /^[A-Z_]+$/, what)
        assert(error.message.length > 5 && !error.message.includes('\n'), `${what}: ${error.message}`)
        assert.equal(answer.headers.get('x-raft-leader'), node.raft, what)
      }
      assert.equal(await get(node.http, 'foo'), undefined, 'one of them reached the log')
      await set(node.http, 'foo', 'bar')
    },
  },
  {
    name: 'HTTP spoken to the Raft port: an answer that says so, and the cluster goes on',
    run: async folder => {
      const cluster = await startCluster(folder)
      for (const node of cluster.nodes) {
        const answer = await ask('GET', node.raft, '/key/foo')
        assert.equal(answer.status, 400)
        assert.match(answer.text, /Raft port/)
        await set(node.http, 'foo', node.raft)
      }
      assertQuiet(cluster.nodes)
    },
  },
  {
    name: 'random bytes on the Raft port: the connection ends, the cluster goes on',
    run: async folder => {
      const cluster = await startCluster(folder)
      for (const node of cluster.nodes) {
        // Small, larger than any header, larger than any frame that it should believe in, and a length that lies.
        const floods = [randomBytes(16), randomBytes(4_096), randomBytes(4 * 1024 * 1024), Buffer.alloc(64, 0xff), Buffer.alloc(64)]
        await Promise.all(floods.map(bytes => throwAt(node.raft, bytes)))
        await set(node.http, 'foo', node.raft)
        assert.equal(await get(node.http, 'foo'), node.raft)
      }
      assertQuiet(cluster.nodes)
    },
  },
]

async function one(folder: string): Promise<TestNode> {
  const node = (await prepare(folder, [], 1)).node(1)
  await node.start()
  await node.ready()
  return node
}

/** Resolves once the other side has ended the connection. */
function throwAt(address: string, bytes: Buffer): Promise<void> {
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => socket.end(bytes))
    socket.setTimeout(10_000, () => reject(new Error(`${address} keeps a connection open that sent ${bytes.length} strange bytes`)))
    socket.on('error', () => {}) // reset by the other side: as good as closed
    socket.on('close', () => resolve())
    socket.resume()
  })
}

function assertQuiet(nodes: readonly TestNode[]): void {
  for (const { process, settings } of nodes) {
    assert(process.running, `${settings.id} has ended`)
    assert.doesNotMatch(process.stderr, /^\s+at .*:\d+:\d+/m, `${settings.id} printed a stack trace`)
  }
}
