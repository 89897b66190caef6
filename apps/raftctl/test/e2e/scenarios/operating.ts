import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Cluster, followersOf, leaderOf, startCluster, votersAre } from '../harness/cluster.ts'
import { Commands } from '../harness/commands.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

const endpoints = (cluster: Cluster): NodeJS.ProcessEnv => ({ RAFTCTL_ENDPOINTS: cluster.nodes.map(({ http }) => http).join(',') })

export const operating: readonly Scenario[] = [
  {
    name: 'raftctl cluster members, transfer, demote, promote, add, doctor, status --watch; node status',
    run: async folder => {
      const cluster = await startCluster(folder)
      const ctl = new Commands(endpoints(cluster))
      await healthy(ctl, cluster)
      await live(ctl)
      await changes(ctl, cluster)
    },
  },
  {
    name: 'raftctl node stop-gracefully and cluster remove refuse what would stop writes, and the doctor sees what is missing',
    run: async folder => {
      const cluster = await startCluster(folder)
      await stopping(new Commands(endpoints(cluster)), cluster)
    },
  },
  {
    name: 'raftctl snapshot save, inspect, restore, take: whole or not at all, and nothing is lost unasked',
    run: async folder => {
      const cluster = await startCluster(folder, [], 1)
      const ctl = new Commands(endpoints(cluster))
      const file = join(folder, 'backup.kv')
      for (const key of ['a', 'b']) await ctl.prints(`kv set ${key} 1`, /set/)
      await ctl.prints(['snapshot', 'save', file], /^\S+backup\.kv: 2 keys as of revision \d+, \d+ B, checked\n$/)
      assert(!existsSync(`${file}.part`))
      await ctl.fails(['snapshot', 'save', file], 1, /is there already; name another file, or say --overwrite/)
      await ctl.prints(['snapshot', 'save', file, '--overwrite', '--field', 'keys'], '2\n')
      await ctl.fails('snapshot save /nowhere/x', 1, /cannot be written \(ENOENT\)/)
      await ctl.prints(['snapshot', 'inspect', file], /VERDICT +whole[\s\S]*KEYS +2\n/)
      await ctl.prints('kv set c 1', /set/)
      await ctl.fails(['snapshot', 'restore', file], 1, /holds 3 keys, which a restore replaces; .*--replace/)
      await ctl.prints(['snapshot', 'restore', file, '--replace'], /^the cluster holds 2 keys/)
      await ctl.prints('kv list --field key', 'a\nb\n')
      await ctl.prints('snapshot take', /^the snapshot reaches index \d+\n$/)
      await damaged(ctl, file)
      await ctl.fails('snapshot inspect /nowhere/x', 2, /cannot be read \(ENOENT\)/)
      await ctl.fails(['snapshot', 'inspect', folder], 2, /is not a file/)
    },
  },
  {
    name: 'raftctl bench and check perf measure, say so, and leave no key behind',
    run: async folder => {
      const cluster = await startCluster(folder, [], 1)
      const ctl = new Commands(endpoints(cluster))
      await ctl.prints('bench --duration 500ms --clients 4 --keys 10', /^REQUESTS +\d+ in [\d.]+ s: \d+ a second\nLATENCY +mean .* p99\.9 /)
      const mixed = await ctl.json('bench --duration 500ms --rate 100 --reads 50 --keys 10')
      assert(mixed.requests > 10 && mixed.failed === 0 && mixed.latencyMs.p50 > 0, JSON.stringify(mixed))
      const { passed, criteria } = JSON.parse((await ctl.run('check perf --duration 1s --output json')).stdout)
      assert.deepEqual(
        criteria.map(({ name }: { name: string }) => name),
        ['throughput', 'slowest', 'spread', 'failures'],
      )
      assert.equal(typeof passed, 'boolean')
      // No machine makes so many through one process: it has to say FAIL, and exit with 1.
      const failed = await ctl.run('check perf --load xl --duration 500ms')
      assert.equal(failed.code, 1)
      assert.match(failed.stdout, /^FAIL {2}throughput/m)
      await ctl.prints('kv list', '')
      await ctl.fails('bench --reads 101', 2, /101/)
      await cluster.node(1).kill()
      for (const words of [
        'bench',
        'check perf',
        'cluster doctor',
        'cluster status',
        'cluster members',
        'locks',
        'lease list',
        'node status',
        'snapshot save x',
      ]) {
        await ctl.fails(words, 3, /nobody listens at/)
      }
    },
  },
]

async function healthy(ctl: Commands, cluster: Cluster): Promise<void> {
  const leader = (await leaderOf(cluster)).settings.id
  await ctl.prints('cluster members', /^ID +KIND +LEADS +ADDRESS +CLIENTS +REACHABLE\nn1 +voter +/)
  await ctl.prints('cluster members --field id', 'n1\nn2\nn3\n')
  await eventually('every node has looked at its disk', () => ctl.prints('cluster status', /^n1 .* 0\.\d+\.\d+ +\d[\d.]* [KM]iB$/m))
  await eventually('the doctor finds nothing bad', () => ctl.prints('cluster doctor', new RegExp(`^ok +leader +${leader} leads`)))
  const { ready, checks } = await ctl.json('node status')
  assert.deepEqual([ready, checks.includes('[+]leader ok')], [true, true])
}

async function live(ctl: Commands): Promise<void> {
  const watching = ctl.start('cluster status --watch --interval 100ms')
  await watching.says(/(^n1 .*\n[\s\S]*?survives 1 failure[\s\S]*?){3}/m)
  assert.equal((await watching.interrupt()).code, 0)
}

async function changes(ctl: Commands, cluster: Cluster): Promise<void> {
  const [follower] = await followersOf(cluster)
  const { id } = follower.settings
  await ctl.prints(`cluster transfer ${id}`, `${id} leads\n`)
  await ctl.fails('cluster transfer n9', 4, /there is no member "n9": the members are n1, n2, n3/)
  const [other] = await followersOf(cluster)
  await ctl.prints(`cluster demote ${other.settings.id}`, /is a learner/)
  const even = await ctl.run('cluster doctor')
  assert.match(even.stdout, /WARN +voters +2 voters: an even number survives no more failures than 1\n +→ add one/)
  await ctl.prints(`cluster promote ${other.settings.id}`, /is a voter/)
  for (const verb of ['promote', 'demote', 'remove']) await ctl.fails(`cluster ${verb} n9`, 4, /there is no member "n9"/)
  await votersAre(cluster.node(1), 3)
  const { command } = await ctl.json('cluster add n4 --http localhost:24999 --dir /tmp/n4')
  assert.match(
    command,
    /^RAFT_JOIN_SECRET=join-\S+ raftctl node join --id n4 --http localhost:24999 --join 127\.0\.0\.1:\d+,\S+ \/tmp\/n4$/,
  )
  await ctl.fails('cluster add n1 --http localhost:24999', 1, /n1 is a member already/)
  await ctl.fails('cluster add n4', 2, /missing --http/)
}

async function stopping(ctl: Commands, cluster: Cluster): Promise<void> {
  const leader = await leaderOf(cluster)
  const [one, other] = await followersOf(cluster)
  await ctl.prints(
    ['node', 'stop-gracefully', leader.settings.dir],
    new RegExp(`^${leader.settings.id} has stopped; (${one.settings.id}|${other.settings.id}) leads\n$`),
  )
  assert.equal((await leader.process.ended).code, 0)
  await ctl.fails(['node', 'stop-gracefully', leader.settings.dir], 4, /no node runs on/)
  await ctl.fails('node stop-gracefully /nowhere', 4, /\/nowhere is not a node's data folder/)
  await ctl.fails(['node', 'stop-gracefully', one.settings.dir], 1, /only 1 of 3 voters would answer, and 2 are needed.*--force/)
  const sick = await ctl.run('cluster doctor')
  assert.equal(sick.code, 1)
  assert.match(sick.stdout, /BAD +peers +no answer from n\d at 127[\s\S]*BAD +failures .*the next failure stops writes/)
  await ctl.fails(`cluster remove ${one.settings.id}`, 1, /writes would stop/)
  await ctl.prints(`cluster remove ${leader.settings.id}`, /is removed \(since index \d+\); stop it/)
  await ctl.prints(['node', 'stop-gracefully', other.settings.dir, '--force', '--field', 'id'], `${other.settings.id}\n`)
}

async function damaged(ctl: Commands, file: string): Promise<void> {
  const bytes = await readFile(file)
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  await writeFile(file, bytes)
  await ctl.fails(['snapshot', 'inspect', file], 1, /the snapshot .*: it is damaged, incomplete or no snapshot/)
  await ctl.fails(['snapshot', 'restore', file, '--replace'], 1, /it is damaged/)
  await ctl.prints('kv list --field key', 'a\nb\n')
}
