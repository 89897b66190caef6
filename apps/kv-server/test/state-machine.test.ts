import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RaftNode } from 'raft-node'
import { stateMachineContract } from 'raft-node/contracts'
import { describe, expect, test } from 'vitest'
import { encodeCommand } from '../src/store/command-codec.ts'
import { KvStore } from '../src/store/kv-store.ts'
import { resultCodec } from '../src/store/result-codec.ts'

const set = (...pairs: [string, string][]) => encodeCommand({ type: 'set', pairs })

stateMachineContract({ describe, test, expect }, () => ({
  create: () => new KvStore(),
  commands: [
    set(['foo', 'bar'], ['__proto__', '']),
    set(['foo', 'baz']),
    encodeCommand({ type: 'delete', key: 'foo' }),
    set(['10', 'ten'], ['9', 'nine']),
    encodeCommand({ type: 'delete', key: 'missing' }),
    set(['emoji 🦑', 'x'.repeat(100_000)]),
  ],
  show: store => JSON.stringify([...(store as KvStore).values()]),
}))

test('a truncated backup that is given to node.restore is refused, and the node goes on and starts again', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kv-restore-'))
  const open = async (store: KvStore) => {
    const options = { id: 'n1', dir, listen: '127.0.0.1:0', bootstrap: true, tickMs: 10, stateMachine: store, resultCodec }
    const node = await RaftNode.open(options)
    await node.waitForLeader()
    return node
  }
  try {
    const [first, second] = [new KvStore(), new KvStore()]
    const node = await open(first)
    await node.apply(set(['a', '1']))
    await expect(node.restore(truncated(first.export()))).rejects.toMatchObject({ code: 'STATE_MACHINE' })
    await node.apply(set(['b', '2']))
    await node.close()
    const again = await open(second)
    await again.read()
    expect([...second.values()].map(item => item.key)).toEqual(['a', 'b'])
    await again.close()
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

/** The footer comes with the last piece: without it, it is no backup. */
async function* truncated(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of data) yield piece.subarray(0, -1)
}
