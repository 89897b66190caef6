import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HeldLock, KvClient, KvError } from 'kv-client'
import { leaderOf, startCluster } from '../harness/cluster.ts'
import type { Scenario } from '../harness/scenario.ts'

export const routeLocks: readonly Scenario[] = [
  {
    name: 'a lock is never held twice while leaders are killed and paused: what it guards refuses earlier tokens, and sees none',
    run: async folder => {
      const cluster = await startCluster(folder)
      const endpoints = cluster.nodes.map(({ http }) => http)
      const stop = new AbortController()
      const holders = new Set<number>()
      const tokens: number[] = []
      const work = Promise.all(
        Array.from({ length: 3 }, async (_, worker) => {
          const client = new KvClient({ endpoints: [...endpoints.slice(worker), ...endpoints.slice(0, worker)], timeoutMs: 10_000 })
          while (!stop.signal.aborted) {
            const lock = await acquired(client, worker, stop.signal)
            if (lock === undefined) continue
            // In one process, so that whoever holds it at the same time shows.
            assert.deepEqual([...holders], [], `token ${lock.token} while ${[...holders]} is held`)
            holders.add(lock.token)
            tokens.push(lock.token)
            lock.lost.addEventListener('abort', () => holders.delete(lock.token))
            await sleep(20)
            holders.delete(lock.token)
            await lock.release().catch(() => {}) // it ends with its lease
          }
        }),
      )
      const faults = (async () => {
        for (let round = 0; round < 3; round++) {
          await sleep(800)
          const leader = await leaderOf(cluster)
          if (round % 2 === 0) {
            await leader.kill()
            await leaderOf(cluster, [leader])
            await leader.start()
          } else {
            leader.process.signal('SIGSTOP')
            await sleep(2_500)
            leader.process.signal('SIGCONT')
          }
        }
        await sleep(1_000)
        stop.abort()
      })()
      await Promise.all([work, faults])
      assert(tokens.length > 10, `held only ${tokens.length} times`)
      assert.deepEqual(
        tokens,
        tokens.toSorted((a, b) => a - b),
        'tokens grow',
      )
      assert.equal(new Set(tokens).size, tokens.length, 'no token twice')
    },
  },
]

async function acquired(client: KvClient, worker: number, signal: AbortSignal): Promise<HeldLock | undefined> {
  try {
    return await client.locks.acquire('job', { ttlMs: 2_000, value: `worker ${worker}`, signal })
  } catch (error) {
    // A fault came between: it begins anew, with a new lease.
    if (error instanceof KvError) return undefined
    throw error
  }
}
