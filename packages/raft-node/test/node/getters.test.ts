import { expect, test } from 'vitest'
import { Cluster } from './cluster.ts'

test('the parts of the status that are asked for often say what the status says', async () => {
  const cluster = new Cluster()
  const members = await cluster.found(3)
  await cluster.set(members[0]!, 'a')
  for (const { node } of members) {
    const { role, term, commit, applied, ageMs, fault, closing } = node.status()
    const parts = [node.role, node.term, node.commit, node.applied, node.ageMs, node.fault, node.isClosing]
    expect(parts).toEqual([role, term, commit, applied, ageMs, fault, closing])
  }
  await cluster.closeAll()
  expect(members.map(({ node }) => node.isClosing)).toEqual([true, true, true])
})
