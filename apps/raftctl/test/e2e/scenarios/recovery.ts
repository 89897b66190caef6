import { strict as assert } from 'node:assert'
import { startCluster } from '../harness/cluster.ts'
import { Commands } from '../harness/commands.ts'
import type { Scenario } from '../harness/scenario.ts'

export const recovery: readonly Scenario[] = [
  {
    name: 'raftctl recover: a majority is lost for good; a dry run says what that means, --yes makes a new cluster that serves',
    run: async folder => {
      const cluster = await startCluster(folder)
      const node = cluster.node(1)
      const { dir, raft } = node.settings
      const ctl = new Commands({ RAFTCTL_ENDPOINTS: node.http })
      await ctl.prints('kv set a 1', /set/)
      const words = ['recover', dir, '--member', `n1=${raft}`]
      await ctl.fails(words, 1, /is in use/)
      for (const one of cluster.nodes) await one.kill()
      for (const at of [2, 3] as const) await cluster.node(at).wipe()
      const clusterId = () => ctl.prints(['log', 'inspect', dir, '--field', 'identity.clusterId'], /./)

      const before = await clusterId()
      await ctl.prints(
        words,
        /^Nothing has been changed\.[\s\S]*n1, n2, n3 become n1[\s\S]*whatever was acknowledged after entry \d+ of term \d+ and is only with n2, n3\n[\s\S]*--yes\.\n$/,
      )
      await ctl.prints([...words, '--field', 'isDryRun'], 'true\n')
      assert.equal(await clusterId(), before)
      await ctl.fails(['recover', dir], 2, /missing --member/)
      await ctl.fails(['recover', dir, '--member', 'n1'], 2, /"n1" is not a member; write ID=HOST:PORT/)
      await ctl.fails(['recover', dir, '--member', 'n9=localhost:1'], 1, /the folder is n1's/)
      await ctl.fails(['recover', folder, '--member', `n1=${raft}`], 1, /not a node's data folder/)

      await ctl.prints([...words, '--yes'], /^This folder is a new cluster now:/)
      assert.notEqual(await clusterId(), before)
      await node.start()
      await node.ready()
      await ctl.prints('kv get a', '1\n')
      await ctl.prints('kv set b 2', /set/)
      await ctl.prints('cluster members --field id', 'n1\n')
      await cluster.node(2).start(['--join', node.http])
      await cluster.node(2).ready()
    },
  },
]
