import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { followersOf, leaderOf, prepare, startCluster, votersAre } from '../harness/cluster.ts'
import { ask, get, set } from '../harness/http.ts'
import { freePorts } from '../harness/ports.ts'
import { spawnRaftctl } from '../harness/raftctl.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

export const workshop: readonly Scenario[] = [
  {
    name: 'the session of the workshop, with its flags, and ids made from raft addresses',
    run: async folder => {
      const port = await freePorts(6)
      const [http1, http2, http3] = [0, 2, 4].map(at => `127.0.0.1:${port + at}`) as [string, string, string]
      const localhost = (offset: number) => `localhost:${port + offset}`
      spawnRaftctl(['node', 'start', '-httpaddr', localhost(0), '--raftaddr', localhost(1), join(folder, 'raft1')])
      await eventually('one node alone writes', () => set(http1, 'foo', 'bar'))
      const answer = await ask('GET', http1, '/key/foo')
      assert.equal(answer.text.trim(), '{"foo":"bar"}')
      assert.equal(answer.headers.get('x-raft-leader'), `127.0.0.1:${port + 1}`)

      spawnRaftctl(['node', 'start', '--httpaddr', localhost(2), '--raftaddr', localhost(3), '--join', localhost(0), join(folder, 'raft2')])
      spawnRaftctl(['node', 'start', '--httpaddr', localhost(4), '--raftaddr', localhost(5), '--join', localhost(0), join(folder, 'raft3')])
      for (const http of [http2, http3]) await eventually('a joined node reads', async () => assert.equal(await get(http, 'foo'), 'bar'))
      await eventually('all three are members under their raft addresses', async () => {
        const status = JSON.parse((await ask('GET', http3, '/v1/status')).text)
        assert.deepEqual(
          status.members.map(({ id }: { id: string }) => id).sort(),
          [1, 3, 5].map(at => `127.0.0.1:${port + at}`),
        )
      })
    },
  },
  {
    name: 'a node joins by the address of a node that does not lead',
    run: async folder => {
      const cluster = await prepare(folder)
      const [first, second, third] = [cluster.node(1), cluster.node(2), cluster.node(3)]
      await first.start()
      await first.ready()
      await second.start(['--join', first.http])
      await second.ready()
      await third.start(['--join', second.http])
      await third.ready()
      await votersAre(first, 3)
    },
  },
  {
    name: 'a write on any node, a read on any node',
    run: async folder => {
      const { nodes } = await startCluster(folder)
      for (const writer of nodes) {
        for (const reader of nodes) {
          const value = `${writer.settings.id} to ${reader.settings.id}`
          await set(writer.http, 'shared', value)
          assert.equal(await get(reader.http, 'shared'), value)
        }
      }
      assert.equal((await ask('DELETE', nodes[2]?.http ?? '', '/key/shared')).status, 200)
      assert.equal(await get(nodes[1]?.http ?? '', 'shared'), undefined)
    },
  },
  {
    name: '--non-leader reject: the exact answer of the workshop',
    run: async folder => {
      const cluster = await startCluster(folder, ['--non-leader', 'reject'])
      const leader = await leaderOf(cluster)
      const [follower] = await followersOf(cluster)
      await set(leader.http, 'foo', 'bar')
      const { status, headers, text } = await ask('GET', follower.http, '/key/foo')
      assert.deepEqual(
        [
          status,
          headers.get('content-type'),
          headers.get('x-content-type-options'),
          headers.get('x-raft-leader'),
          headers.get('content-length'),
        ],
        [500, 'text/plain; charset=utf-8', 'nosniff', leader.raft, '11'],
      )
      assert.equal(text, 'not leader\n')
      assert.equal((await ask('POST', follower.http, '/key', { body: '{"foo":"baz"}' })).status, 500)
      assert.equal(await get(leader.http, 'foo'), 'bar')
    },
  },
  {
    name: '--non-leader redirect: 307 with the address of the leader, which curl -L follows',
    run: async folder => {
      const cluster = await startCluster(folder, ['--non-leader', 'redirect'])
      const leader = await leaderOf(cluster)
      const [follower] = await followersOf(cluster)
      const away = await ask('POST', follower.http, '/key', { body: '{"foo":"bar"}' })
      assert.deepEqual([away.status, away.headers.get('location')], [307, `http://${leader.http}/key`])
      const followed = await ask('POST', follower.http, '/key', { body: '{"foo":"bar"}', follow: true })
      assert.equal(followed.status, 200, followed.text)
      const read = await ask('GET', follower.http, '/key/foo', { follow: true })
      assert.equal(read.text.trim(), '{"foo":"bar"}')
    },
  },
]
