import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from 'raft-sim'
import { afterEach, expect, test } from 'vitest'
import type { ChaosNode } from '../../src/chaos/chaos-node.ts'
import { Client } from '../../src/chaos/client.ts'
import { History } from '../../src/chaos/history.ts'
import { closeConnections } from '../../src/chaos/http.ts'
import { Keys } from '../../src/chaos/keys.ts'

const servers: Server[] = []
afterEach(() => {
  closeConnections()
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

/** What the history of one client says when the server answers everything in this way, for a while. */
async function historyWith(listener: RequestListener, ms = 150): Promise<History> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const address = server.address() as { port: number }
  const node = { plan: { http: `127.0.0.1:${address.port}` } } as ChaosNode
  const history = new History()
  const stop = new AbortController()
  const client = new Client({
    number: 1,
    nodes: [node],
    keys: new Keys(),
    history,
    random: new Random(1),
    signal: stop.signal,
    reads: 'linearizable',
  })
  const running = client.run()
  await sleep(ms)
  stop.abort()
  await running
  return history
}

const answer =
  (status: number, body: string): RequestListener =>
  (request, response) => {
    request.resume().on('end', () => response.writeHead(status).end(body))
  }
const refusal = (outcome: string) => JSON.stringify({ error: { code: 'NO_LEADER', message: '', outcome } })

test('answers are recorded with what they said', async () => {
  const { operations } = await historyWith((request, response) => {
    request.resume().on('end', () => {
      if (request.method === 'GET') response.writeHead(404).end(JSON.stringify({ error: { code: 'KEY_NOT_FOUND', message: '' } }))
      else if (request.method === 'POST') response.end(JSON.stringify({ revision: 1, succeeded: false, results: [] }))
      else response.end('{}')
    })
  })
  const kinds = new Map(operations.map(operation => [operation.op, operation]))
  expect(kinds.get('read')).toMatchObject({ value: null, return: expect.any(Number) })
  expect(kinds.get('write')).toMatchObject({ value: expect.stringMatching(/^1\.\d+$/), return: expect.any(Number) })
  expect(kinds.get('cas')).toMatchObject({ ok: false, return: expect.any(Number) })
})

test('a refusal that says not-applied leaves no trace; one that does not know makes the outcome unknown', async () => {
  const refused = await historyWith(answer(503, refusal('not-applied')))
  expect(refused.operations).toEqual([])
  expect(refused.counts.refused).toBeGreaterThan(0)
  const unknown = await historyWith(answer(504, refusal('unknown')))
  expect(unknown.operations.length).toBeGreaterThan(0)
  expect(unknown.operations.every(({ op, return: returned }) => op !== 'read' && returned === null)).toBe(true)
})

test('a connection that breaks after the request was sent makes the outcome unknown', async () => {
  const { operations, counts } = await historyWith(request => request.socket.destroy())
  expect(counts.done).toBe(0)
  expect(operations.some(({ return: returned }) => returned === null)).toBe(true)
})
