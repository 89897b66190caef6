import { expect, onTestFinished, test } from 'vitest'
import { RealFolder } from './worlds.ts'

test('lent chunks of a snapshot all lie in the same memory, others each in its own', async () => {
  const folder = await RealFolder.make()
  onTestFinished(() => folder.dispose())
  const store = folder.snapshotStore()
  async function* data() {
    yield new Uint8Array(700_000).fill(7)
  }
  const membership = { voters: ['n1'], outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] }
  const meta = await store.write({ term: 1, index: 5, chain: 5, members: [], membership, membershipIndex: 1 }, data())
  const memories = async (lent: boolean) => {
    const seen: ArrayBufferLike[] = []
    for await (const { buffer } of store.read(meta, 0, { lent })) seen.push(buffer)
    return { chunks: seen.length, memories: new Set(seen).size }
  }
  expect(await memories(true)).toEqual({ chunks: 3, memories: 1 })
  expect(await memories(false)).toEqual({ chunks: 3, memories: 3 })
})
