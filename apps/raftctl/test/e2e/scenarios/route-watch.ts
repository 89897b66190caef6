import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { KvClient } from 'kv-client'
import { expectCases } from '../harness/cases.ts'
import { leaderOf, startCluster } from '../harness/cluster.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

export const routeWatch: readonly Scenario[] = [
  {
    name: '/v1/watch: every refusal, in words',
    run: async folder => {
      const cluster = await startCluster(folder, ['--history-revisions-max', '3', '--waiters-max', '1'], 1)
      const { http } = cluster.node(1)
      for (let n = 0; n < 8; n++) await new KvClient({ endpoints: [http] }).set('a', String(n))
      await expectCases(http, [
        ['GET', '/v1/watch?since=1', {}, 410, 'COMPACTED'],
        ['GET', '/v1/watch', { headers: { 'Last-Event-ID': '1' } }, 410, 'COMPACTED'],
        ['GET', '/v1/watch?since=x', {}, 400, 'INVALID_QUERY'],
        ['GET', '/v1/watch', { headers: { 'Last-Event-ID': 'x' } }, 400, 'INVALID_QUERY'],
        ['GET', '/v1/watch?prefix=%z', {}, 400, 'INVALID_QUERY'],
        ['POST', '/v1/watch', {}, 405, 'METHOD_NOT_ALLOWED'],
      ])
      const open = await fetch(`http://${http}/v1/watch`)
      await expectCases(http, [['GET', '/v1/watch', {}, 429, 'OVERLOADED']])
      await open.body?.cancel()
    },
  },
  {
    name: 'watches lose nothing and repeat nothing while leaders are killed and restarted under load',
    run: async folder => {
      const cluster = await startCluster(folder)
      const endpoints = cluster.nodes.map(({ http }) => http)
      const writer = new KvClient({ endpoints, idempotentWrites: true, timeoutMs: 15_000 })
      const stop = new AbortController()
      const { revision: since } = await writer.set('w/begin', '0')
      // Each begins at another node.
      const watchers = endpoints.map((_, at) => collect([...endpoints.slice(at), ...endpoints.slice(0, at)], since, stop.signal))

      const written: number[] = []
      let writing = true
      const load = Promise.all(
        Array.from({ length: 4 }, async (_, worker) => {
          for (let n = 0; writing; n++) written.push((await writer.set(`w/${worker}`, String(n))).revision)
        }),
      )
      for (let round = 0; round < 3; round++) {
        await sleep(700)
        const leader = await leaderOf(cluster)
        await leader.kill()
        await leaderOf(cluster, [leader])
        await sleep(300)
        await leader.start()
      }
      await sleep(500)
      writing = false
      await load
      const expected = written.sort((a, b) => a - b)
      assert(expected.length > 100, `only ${expected.length} writes`)
      for (const seen of watchers) await eventually('all was told', () => assert.equal(seen.at(-1), expected.at(-1)))
      stop.abort()
      for (const seen of watchers) assert.deepEqual(seen, expected)
    },
  },
]

/** The revisions that a watch tells, as they come. */
function collect(endpoints: readonly string[], since: number, signal: AbortSignal): number[] {
  const seen: number[] = []
  const run = async () => {
    const client = new KvClient({ endpoints, timeoutMs: 15_000 })
    for await (const { revision } of client.watch({ prefix: 'w/', since, signal, silenceMs: 12_000 })) seen.push(revision)
  }
  run().catch(error => {
    if (!signal.aborted) seen.push(Number.NaN) // the comparison says so
    if (!signal.aborted) console.log(`      a watch failed: ${error}`)
  })
  return seen
}
