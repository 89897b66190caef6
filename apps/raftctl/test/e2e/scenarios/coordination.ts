import { strict as assert } from 'node:assert'
import { startCluster } from '../harness/cluster.ts'
import { Commands } from '../harness/commands.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

export const coordination: readonly Scenario[] = [
  {
    name: 'raftctl lock: one at a time, the exit code of the command, what it finds in its environment; leases',
    run: async folder => {
      const cluster = await startCluster(folder, [], 1)
      const ctl = new Commands({ RAFTCTL_ENDPOINTS: cluster.node(1).http })
      await locks(ctl)
      await queue(ctl)
      await leases(ctl)
      await cluster.node(1).kill()
      await ctl.fails(['lock', 'deploy', '--', 'true'], 3, /nobody listens at/)
    },
  },
  {
    name: 'raftctl lock: when the cluster is gone for longer than --ttl the command is told to stop',
    run: async folder => {
      const cluster = await startCluster(folder, [], 1)
      const ctl = new Commands({ RAFTCTL_ENDPOINTS: cluster.node(1).http })
      const held = ctl.start(['lock', 'deploy', '--ttl', '1s', '--timeout', '500', '--', 'sh', '-c', 'echo begun; exec sleep 60'])
      await held.says(/begun/)
      await cluster.node(1).kill()
      assert.equal((await held.process.ended).code, 1)
      assert.match(held.process.stderr, /the lock deploy is lost: .*; the command is told to stop\n/)
      assert.doesNotMatch(held.process.stderr, /^\s+at /m)
    },
  },
]

async function locks(ctl: Commands): Promise<void> {
  await ctl.prints(
    ['lock', 'deploy', '--', 'sh', '-c', 'echo $RAFTCTL_LOCK_NAME $((RAFTCTL_LOCK_TOKEN > 0)) $((RAFTCTL_LOCK_LEASE > 0))'],
    'deploy 1 1\n',
  )
  const failed = await ctl.run(['lock', 'deploy', '--', 'sh', '-c', 'exit 42'])
  assert.deepEqual([failed.code, failed.stdout, failed.stderr], [42, '', ''])
  await ctl.fails('lock deploy -- /nowhere/program', 127, /\/nowhere\/program cannot be run \(ENOENT\)/)
  await ctl.fails('lock', 2, /missing NAME/)
  await ctl.fails(['lock', 'deploy', '--ttl', 'x', '--', 'true'], 2, /"x" is not a time/)
  await ctl.prints('locks', '')
}

async function queue(ctl: Commands): Promise<void> {
  const first = ctl.start(['lock', 'deploy', '--value', 'machine 1', '--', 'sh', '-c', 'echo begun; exec sleep 60'])
  await first.says(/begun/)
  await ctl.fails(['lock', 'deploy', '--wait', '0s', '--', 'true'], 6, /another holds the lock/)
  const second = ctl.start('lock deploy')
  await eventually('the second waits', () => ctl.prints('locks', /^NAME +TOKEN +LEASE +WAITING +VALUE\ndeploy +\d+ +\d+ +1 +machine 1\n$/))
  const [{ token }] = await ctl.json('locks')
  const guarded = (number: number) => ctl.run(['kv', 'txn', '--if', `lock deploy = ${number}`, '--then', 'set guarded 1'])
  assert.deepEqual([(await guarded(token)).code, (await guarded(token - 1)).code], [0, 6])
  first.process.signal('SIGTERM')
  assert.equal((await first.process.ended).code, 128 + 15)
  await second.says(/^deploy is held \(token \d+\) until Ctrl-C/)
  assert.equal((await second.interrupt()).code, 0)
  await ctl.prints('locks', '')
}

async function leases(ctl: Commands): Promise<void> {
  const lease = (await ctl.prints('lease grant 60s --field lease', /^\d+\n$/)).trim()
  await ctl.prints(`kv set temporary 1 --lease ${lease}`, /set/)
  await ctl.prints(`lease show ${lease}`, new RegExp(`^lease ${lease} ends in (60|59|5\\d) s of 60 s .* 1 key\n$`))
  await ctl.prints('lease list', new RegExp(`^LEASE +TTL +REMAINING +KEYS\n${lease} +60 s`))
  await ctl.prints(`lease keep-alive ${lease} --once`, /lives 60 s from now\n$/)
  const kept = ctl.start(`lease keep-alive ${lease}`)
  await kept.says(/renewed until Ctrl-C/)
  assert.equal((await kept.interrupt()).code, 0)
  await ctl.prints(`lease revoke ${lease}`, /and with it 1 key\n$/)
  await ctl.fails('kv get temporary', 4, /there is no key/)
  await ctl.fails(`lease show ${lease}`, 4, /there is no lease/)
  await ctl.fails(`lease keep-alive ${lease}`, 4, /there is no lease/)
  await ctl.fails(`lease revoke ${lease}`, 4, /there is no such lease/)
  await ctl.fails('lease revoke x', 2, /"x" is not the number of a lease/)
  await ctl.fails('lease grant 1ms', 1, /ttlMs is from 500/)
}
