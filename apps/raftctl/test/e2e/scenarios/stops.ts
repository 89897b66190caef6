import { strict as assert } from 'node:assert'
import { leaderOf, startCluster } from '../harness/cluster.ts'
import type { Scenario } from '../harness/scenario.ts'
import { timed } from '../harness/wait.ts'
import { hasAll, Writer } from '../harness/writer.ts'

export const stops: readonly Scenario[] = [
  ...(['SIGTERM', 'SIGINT'] as const).map(signal => ({
    name: `${signal} of the leader under load: exit 0 within two seconds, leadership handed over, no acknowledged write lost`,
    run: (folder: string) => stopsLeader(folder, signal),
  })),
  {
    name: 'a second and a third signal while stopping change nothing',
    run: async folder => {
      const cluster = await startCluster(folder)
      const leader = await leaderOf(cluster)
      const { value, ms } = await timed(async () => {
        leader.process.signal('SIGTERM')
        leader.process.signal('SIGINT')
        setTimeout(() => leader.process.signal('SIGTERM'), 50)
        return leader.process.ended
      })
      assert.deepEqual(value, { code: 0, signal: null }, leader.process.stderr)
      assert(ms < 2_000, `${ms} ms`)
      await leaderOf(cluster, [leader])
    },
  },
  {
    name: 'SIGTERM of all three at once under load: all exit 0 within two seconds; started by their first commands, they have all that was acknowledged',
    run: async folder => {
      const cluster = await startCluster(folder)
      const writer = new Writer(cluster.nodes)
      await writer.more(100)
      const { value, ms } = await timed(() => Promise.all(cluster.nodes.map(node => node.stop())))
      await writer.stop()
      assert.deepEqual(
        value.map(({ code }) => code),
        [0, 0, 0],
      )
      assert(ms < 2_000, `${ms} ms`)
      await Promise.all(cluster.nodes.map((node, at) => node.start(at === 0 ? [] : ['--join', cluster.node(1).http])))
      await leaderOf(cluster)
      for (const node of cluster.nodes) await hasAll(node, writer.acknowledged)
    },
  },
]

async function stopsLeader(folder: string, signal: NodeJS.Signals): Promise<void> {
  const cluster = await startCluster(folder)
  const writer = new Writer(cluster.nodes)
  await writer.more(100)
  const leader = await leaderOf(cluster)
  const stop = await timed(() => leader.stop(signal))
  assert.deepEqual(stop.value, { code: 0, signal: null }, leader.process.stderr)
  assert(stop.ms < 2_000, `${stop.ms} ms`)
  // Handed over, and not waited for: no election timeout (a second at least) passes before another leads and writes go on.
  const gap = await timed(() => writer.more(1))
  assert(gap.ms < 800, `no write for ${gap.ms} ms after the leader had gone`)
  const next = await leaderOf(cluster, [leader])
  await writer.more(100)
  await writer.stop()
  await hasAll(next, writer.acknowledged)
}
