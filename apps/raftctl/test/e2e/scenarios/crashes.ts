import { strict as assert } from 'node:assert'
import { followersOf, leaderOf, startCluster } from '../harness/cluster.ts'
import { ask, get, set } from '../harness/http.ts'
import type { TestNode } from '../harness/node.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'
import { hasAll, Writer } from '../harness/writer.ts'

export const crashes: readonly Scenario[] = [
  {
    name: 'kill -9 of the leader under load: a new leader, no acknowledged write lost, the killed node catches up',
    run: async folder => {
      const cluster = await startCluster(folder)
      const writer = new Writer(cluster.nodes)
      await writer.more(200)
      const killed = await leaderOf(cluster)
      await killed.kill()
      const leader = await leaderOf(cluster, [killed])
      await writer.more(200) // writes go on
      await killed.start()
      await writer.stop()
      await killed.ready()
      await hasAll(leader, writer.acknowledged)
      await hasAll(killed, writer.acknowledged)
      await applied(killed, leader)
    },
  },
  {
    name: 'all three killed at once and restarted: every acknowledged write is there',
    run: async folder => {
      const cluster = await startCluster(folder)
      const writer = new Writer(cluster.nodes)
      await writer.more(300)
      for (const node of cluster.nodes) node.process.signal('SIGKILL')
      await Promise.all(cluster.nodes.map(({ process }) => process.ended))
      await writer.stop()
      await Promise.all(cluster.nodes.map(node => node.start()))
      await leaderOf(cluster)
      for (const node of cluster.nodes) await hasAll(node, writer.acknowledged)
    },
  },
  {
    name: 'a node that was away while the log was compacted catches up by snapshot',
    run: async folder => {
      const cluster = await startCluster(folder, ['--snapshot-entries', '50'])
      const [away, other] = await followersOf(cluster)
      const before = (await statusOf(away)).applied
      await away.kill()
      const writer = new Writer([other], 8)
      await eventually(
        'the leader no longer has the entries that the node misses',
        async () => {
          const leader = await leaderOf(cluster)
          const { first } = await statusOf(leader)
          assert(first > before + 1, `first ${first}, the node stands at ${before}, ${writer.acknowledged.length} writes`)
        },
        60_000,
      )
      await writer.stop()
      await set(other.http, 'last', 'one')
      await away.start()
      await away.ready()
      assert.equal(await get(away.http, 'last'), 'one')
      assert((await statusOf(away)).snapshotIndex > before, 'it caught up without a snapshot')
      await hasAll(away, writer.acknowledged.slice(-200))
    },
  },
]

type Status = { readonly applied: number; readonly first: number; readonly snapshotIndex: number }

async function statusOf(node: TestNode): Promise<Status> {
  return JSON.parse((await ask('GET', node.http, '/v1/status')).text)
}

/** `node` has applied all that `leader` had when asked. */
async function applied(node: TestNode, leader: TestNode): Promise<void> {
  const target = (await statusOf(leader)).applied
  await eventually(`${node.settings.id} catches up`, async () => assert((await statusOf(node)).applied >= target))
}
