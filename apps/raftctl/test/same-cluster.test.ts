import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkSameCluster } from '../src/node/same-cluster.ts'
import { type FakeNode, fakeNode, member, statusOf } from './support/fake-node.ts'

let other: FakeNode
beforeEach(async () => {
  other = await fakeNode()
})
afterEach(() => other.close())

const check = (clusterId: string, members: number) => checkSameCluster({ dir: '/tmp/raft2', clusterId, members }, [other.address])
const answers = (clusterId: string, members: number) => {
  const all = Array.from({ length: members }, (_, at) => member(`n${at}`, ''))
  other.status = statusOf('n0', all, { clusterId, clientAddress: other.address })
}

test('a folder that belongs to the cluster at the join address goes on', async () => {
  answers('c0ffee', 3)
  await check('c0ffee', 1)
})

test('a folder that has founded a cluster of its own is not taken for a member of another', async () => {
  answers('c0ffee', 3)
  await expect(check('facade', 1)).rejects.toThrow(/OTHER_CLUSTER: .tmp.raft2 belongs to cluster facade.* to join that, name a new folder/)
})

test('a member of several goes on although the join address has been founded anew: that one was wiped', async () => {
  answers('c0ffee', 1)
  await check('facade', 3)
})

test('an address that does not answer contradicts nothing', async () => {
  other.close()
  await check('facade', 1)
})
