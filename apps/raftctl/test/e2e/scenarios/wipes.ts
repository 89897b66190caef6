import { strict as assert } from 'node:assert'
import { leaderOf, startCluster, votersAre } from '../harness/cluster.ts'
import { ask, get, set } from '../harness/http.ts'
import type { TestNode } from '../harness/node.ts'
import { raftctl, spawnRaftctl } from '../harness/raftctl.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

export const wipes: readonly Scenario[] = [
  {
    name: 'rm -rf of the second folder and join again: refused with WIPED_MEMBER; the command it names works',
    run: async folder => {
      const cluster = await startCluster(folder)
      const [first, second] = [cluster.node(1), cluster.node(2)]
      await set(first.http, 'foo', 'bar')
      await second.kill()
      await second.wipe()

      const refused = await raftctl(second.command(['--join', first.http]))
      assert.equal(refused.code, 1, refused.stderr)
      assert.match(refused.stderr, /WIPED_MEMBER/)
      const again = await ask('POST', first.http, '/join', { body: JSON.stringify(joinOf(second)) })
      assert.equal(again.status, 409, again.text)
      assert.equal(JSON.parse(again.text).error.code, 'WIPED_MEMBER')

      await replace(second, refused.stderr, first)
      assert.equal(await get(second.http, 'foo'), 'bar')
      await votersAre(first, 3)
    },
  },
  {
    name: 'rm -rf of the first folder and its first command again: refuses clients within two seconds; the command it names works',
    run: async folder => {
      const cluster = await startCluster(folder)
      const [first, second] = [cluster.node(1), cluster.node(2)]
      await set(first.http, 'foo', 'bar')
      await first.kill()
      await first.wipe()
      await leaderOf(cluster, [first])

      await first.start()
      const answer = await eventually(
        'it refuses clients',
        async () => {
          const answer = await ask('GET', first.http, '/key/foo')
          assert.equal(answer.status, 409, answer.text)
          return answer
        },
        // Two seconds from when the others reach it: they try again at least every second.
        3_000,
      )
      const { error } = JSON.parse(answer.text)
      assert.equal(error.code, 'WIPED_MEMBER')
      assert.equal((await ask('POST', first.http, '/key', { body: '{"foo":"lost"}' })).status, 409)
      await first.stop()
      await first.wipe()
      await replace(first, error.message, second)
      assert.equal(await get(first.http, 'foo'), 'bar')
      await votersAre(second, 3)
    },
  },
]

/** Runs the command that the message names, word for word. The cluster leaves two gaps in it, which raftctl fills in; a person may have to. */
async function replace(node: TestNode, message: string, member: TestNode): Promise<void> {
  const named = /raftctl (node join --replace .*)/.exec(message)?.[1]?.trim()
  assert(named !== undefined, `no command in: ${message}`)
  const words = named.replace('<address of a member>', member.http).replace('<new folder>', node.settings.dir).split(' ')
  const child = spawnRaftctl(words.includes('--http') ? words : [...words, '--http', node.http])
  await eventually('the replaced node is ready', async () => {
    assert(child.running, child.stderr)
    assert.equal((await ask('GET', node.http, '/readyz')).status, 200)
  })
}

function joinOf({ settings: { id, raft, http } }: TestNode): object {
  return { id, addr: raft, http, incarnation: '00112233445566778899aabbccddeeff' }
}
