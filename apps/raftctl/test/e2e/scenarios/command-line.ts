import { strict as assert } from 'node:assert'
import { followersOf, leaderOf, startCluster } from '../harness/cluster.ts'
import { raftctl } from '../harness/raftctl.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

export const commandLine: readonly Scenario[] = [
  {
    name: 'raftctl kv set, get, delete on any node, with fail-over and stable exit codes',
    run: async folder => {
      const cluster = await startCluster(folder)
      const [follower, other] = await followersOf(cluster)
      const at = (http: string) => ['--endpoint', http]
      await prints(['kv', 'set', 'foo', 'bar', ...at(follower.http)], /^foo is set/)
      await prints(['kv', 'get', 'foo', ...at(other.http)], /^bar\n$/)
      await prints(['kv', 'get', 'foo', '--output', 'json', ...at(other.http)], /"value": "bar"/)
      await prints(['kv', 'set', 'empty', '', ...at(follower.http)], /set/)
      await prints(['kv', 'get', 'empty'], /^\n$/, { RAFTCTL_ENDPOINTS: other.http })
      await prints(['kv', 'get', 'foo', '-e', `127.0.0.1:1,${other.http}`], /^bar\n$/)
      await prints(['kv', 'delete', 'foo', ...at(follower.http)], /^foo is deleted/)
      const missing = await raftctl(['kv', 'get', 'foo', ...at(other.http)])
      assert.deepEqual([missing.code, missing.stdout, missing.stderr.trim()], [4, '', 'raftctl: there is no key "foo"'])
      const nobody = await raftctl(['kv', 'get', 'foo', '-e', '127.0.0.1:1'])
      assert.equal(nobody.code, 3, nobody.stderr)
    },
  },
  {
    name: 'raftctl cluster status: names the leader, the lag, and what the cluster survives; also without a leader',
    run: async folder => {
      const cluster = await startCluster(folder)
      const leader = await leaderOf(cluster)
      const [follower, other] = await followersOf(cluster)
      await prints(['cluster', 'status', '-e', follower.http, '--field', 'leader'], new RegExp(`^${leader.settings.id}\n$`))
      await prints(['cluster', 'status', '-e', follower.http], /3 voters, majority 2: survives 1 failure\. One voter more would add none/)
      await leader.kill()
      await other.kill()
      await eventually('it sees that the majority is gone', () =>
        prints(['cluster', 'status', '-e', follower.http], /unreachable[\s\S]*Only 1 of 3 answer, 2 are needed/),
      )
      const write = await raftctl(['kv', 'set', 'foo', 'bar', '-e', follower.http, '--timeout', '1000'])
      assert([3, 5].includes(write.code ?? 0), `${write.code} ${write.stderr}`)
    },
  },
]

async function prints(args: readonly string[], stdout: RegExp, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const ended = await raftctl(args, env)
  assert.equal(ended.code, 0, `${args.join(' ')}: ${ended.stderr}`)
  assert.match(ended.stdout, stdout)
}
