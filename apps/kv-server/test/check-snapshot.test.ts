import { expect, test } from 'vitest'
import { KvStore } from '../src/index.ts'
import { checkSnapshot } from '../src/snapshot/index.ts'
import type { Command } from '../src/store/command.ts'
import { encodeCommand } from '../src/store/command-codec.ts'

async function snapshotOf(...commands: readonly Command[]): Promise<Buffer> {
  const store = new KvStore()
  for (const [at, command] of commands.entries()) store.apply(encodeCommand(command), at + 1)
  const chunks: Uint8Array[] = []
  for await (const chunk of store.export()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const set = (key: string, value: string): Command => ({ type: 'set', pairs: [[key, value]] })

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test('a snapshot is counted, however its bytes are cut into chunks', async () => {
  const bytes = await snapshotOf(set('a', '1'), set('b', '12345'), set('a', '2'))
  for (const size of [1, 7, bytes.length]) {
    expect(await checkSnapshot(cut(bytes, size))).toMatchObject({
      revision: 3,
      keys: 2,
      leasedKeys: 0,
      dataBytes: 8,
      largestValueBytes: 5,
      bytes: bytes.length,
    })
  }
})

test('every flipped bit and every missing end is found', async () => {
  const bytes = await snapshotOf(set('a', '1'), set('b', '12345'))
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes)
    flipped[at] = (flipped[at] as number) ^ 1
    await expect(checkSnapshot(cut(flipped, 64)), `byte ${at}`).rejects.toMatchObject({ code: 'CORRUPT' })
    await expect(checkSnapshot(cut(bytes.subarray(0, at), 64)), `${at} bytes`).rejects.toMatchObject({ code: 'CORRUPT' })
  }
})
