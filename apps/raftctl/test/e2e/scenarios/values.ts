import { strict as assert } from 'node:assert'
import { followersOf, leaderOf, startCluster } from '../harness/cluster.ts'
import { ask, get, set } from '../harness/http.ts'
import type { Scenario } from '../harness/scenario.ts'

const special: readonly (readonly [key: string, value: string])[] = [
  ['__proto__', 'polluted?'],
  ['constructor', 'toString'],
  ['10', 'ten'],
  ['9', 'nine'],
  ['empty', ''],
  ['😀 key/with ?&#% and "quotes"', '👩‍👩‍👧‍👦 \u0000 \n "value" \\'],
  ['line\nbreak', 'null'],
]

export const values: readonly Scenario[] = [
  {
    name: 'keys __proto__, constructor, 10, 9, empty value, emoji: stored and returned exactly, also after a restart',
    run: async folder => {
      const cluster = await startCluster(folder)
      const [follower] = await followersOf(cluster)
      for (const [key, value] of special) await set(follower.http, key, value)
      for (const node of cluster.nodes) await hasSpecial(node.http)
      await Promise.all(cluster.nodes.map(node => node.stop()))
      await Promise.all(cluster.nodes.map(node => node.start()))
      await leaderOf(cluster)
      for (const node of cluster.nodes) await hasSpecial(node.http)
    },
  },
  {
    name: 'several keys in one request are set together',
    run: async folder => {
      const cluster = await startCluster(folder)
      const [follower, other] = await followersOf(cluster)
      const answer = await ask('POST', follower.http, '/key', { body: '{"a":"1","b":"2","__proto__":"3"}' })
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual(await Promise.all(['a', 'b', '__proto__'].map(key => get(other.http, key))), ['1', '2', '3'])
    },
  },
  {
    name: 'a value of 1 MiB, written on a follower, read on every node, also after a restart',
    run: async folder => {
      const cluster = await startCluster(folder)
      const [follower] = await followersOf(cluster)
      const large = 'ä0123456789abcde'.repeat(61_680) + 'x'.repeat(16) // 1 MiB of UTF-8
      assert.equal(Buffer.byteLength(large), 1024 * 1024)
      await set(follower.http, 'large', large)
      for (const node of cluster.nodes) assert.equal(await get(node.http, 'large'), large)
      await follower.stop()
      await follower.start()
      await follower.ready()
      assert.equal(await get(follower.http, 'large'), large)
    },
  },
]

async function hasSpecial(http: string): Promise<void> {
  for (const [key, value] of special) assert.equal(await get(http, key), value, JSON.stringify(key))
}
