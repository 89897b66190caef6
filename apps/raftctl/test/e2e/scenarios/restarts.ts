import { strict as assert } from 'node:assert'
import { prepare, startCluster, votersAre } from '../harness/cluster.ts'
import { get, set } from '../harness/http.ts'
import type { Scenario } from '../harness/scenario.ts'

export const restarts: readonly Scenario[] = [
  {
    name: 'one node alone: what was written is there after a restart',
    run: async folder => {
      const node = (await prepare(folder, [], 1)).node(1)
      await node.start()
      await node.ready()
      await set(node.http, 'foo', 'bar')
      await node.stop()
      await node.start()
      await node.ready()
      assert.equal(await get(node.http, 'foo'), 'bar')
    },
  },
  {
    name: 'restart with the same folder, without the join flag and with it',
    run: async folder => {
      const cluster = await startCluster(folder)
      const [first, second] = [cluster.node(1), cluster.node(2)]
      for (const flags of [[], ['--join', first.http]]) {
        await second.stop()
        await set(first.http, 'while away', String(flags.length))
        await second.start(flags)
        await second.ready()
        assert.equal(await get(second.http, 'while away'), String(flags.length))
      }
      await votersAre(first, 3)
    },
  },
]
