import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binaryFrom, binaryOf } from '../src/store/binary.ts'
import type { Pair } from '../src/store/command.ts'
import { encodeCommand } from '../src/store/command-codec.ts'
import { KvStore } from '../src/store/kv-store.ts'

const set = (...pairs: Pair[]) => encodeCommand({ type: 'set', pairs })
const remove = (key: string) => encodeCommand({ type: 'delete', key })

const mebibyte = 'x'.repeat(1024 * 1024)
const oddPairs: Pair[] = [
  ['__proto__', 'a'],
  ['constructor', 'b'],
  ['10', 'c'],
  ['9', 'd'],
  ['empty', ''],
  ['large', mebibyte],
  [binaryOf('👋'), binaryOf('🌍 \ufeff\0')],
  ['\0\xff', '\xfe\x80'],
]

const bytes = fc.uint8Array({ maxLength: 20 }).map(binaryFrom)

async function gather(data: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of data) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function* inChunks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describe('KvStore', () => {
  it('stores and returns odd keys and values exactly', () => {
    const store = new KvStore()
    store.apply(set(...oddPairs), 1)
    for (const [key, value] of oddPairs) expect(store.get(key)).toEqual({ key, value, created: 1, modified: 1, version: 1, lease: 0 })
    expect(store.get('toString')).toBeUndefined()
    expect(Object.prototype).not.toHaveProperty('a')
  })

  it('keeps the revisions that made a key and last wrote it', () => {
    const store = new KvStore()
    expect(store.apply(set(['a', '1']), 5)).toEqual({ type: 'set', revision: 5 })
    store.apply(set(['a', '2'], ['b', '1']), 7)
    expect(store.get('a')).toEqual({ key: 'a', value: '2', created: 5, modified: 7, version: 2, lease: 0 })
    expect(store.apply(remove('a'), 8)).toEqual({ type: 'delete', revision: 8, deleted: true })
    expect(store.apply(remove('a'), 9)).toEqual({ type: 'delete', revision: 9, deleted: false })
    store.apply(set(['a', '3']), 10)
    expect(store.get('a')?.created).toBe(10)
    expect([...store.values()].map(item => item.key)).toEqual(['a', 'b'])
    expect(store.size).toBe(2)
  })

  it('answers a malformed command and changes nothing', () => {
    const store = new KvStore()
    store.apply(set(['a', '1']), 1)
    expect(store.apply(Uint8Array.of(1, 1, 2, 1), 2)).toEqual({ type: 'malformed', message: 'the command ends too early' })
    expect(store.size).toBe(1)
  })

  it('gives a snapshot of the moment it was asked for, while later commands go on', async () => {
    const store = new KvStore()
    for (let index = 1; index <= 3_000; index++) store.apply(set([`k${index}`, 'before'.repeat(20)]), index)
    const snapshot = store.snapshot()
    const chunks: Uint8Array[] = []
    let index = 3_000
    for await (const chunk of snapshot) {
      chunks.push(chunk)
      store.apply(set(['k1', 'after'], [`new${++index}`, '']), index)
      store.apply(remove(`k${index - 2_900}`), ++index)
    }
    expect(chunks.length).toBeGreaterThan(3)

    const restored = new KvStore()
    await restored.restore(inChunks(Buffer.concat(chunks), 1_000))
    expect(restored.size).toBe(3_000)
    expect([...restored.values()].every(item => item.value === 'before'.repeat(20))).toBe(true)
    expect(restored.get('k2')).toEqual({ key: 'k2', value: 'before'.repeat(20), created: 2, modified: 2, version: 1, lease: 0 })
  })

  it('restores the same state, however the snapshot is cut into chunks', async () => {
    const pairs = fc.array(fc.tuple(bytes, bytes), { maxLength: 50 })
    await fc.assert(
      fc.asyncProperty(pairs, fc.integer({ min: 1, max: 400 }), async (pairs, size) => {
        const [store, restored] = [new KvStore(), new KvStore()]
        for (const [index, pair] of pairs.entries()) store.apply(set(pair), index + 1)
        restored.apply(set(['old', 'gone']), 1)
        await restored.restore(inChunks(await gather(store.snapshot()), size))
        expect([...restored.values()]).toEqual([...store.values()])
      }),
      { numRuns: 50 },
    )
  })

  it('restores odd and large values', async () => {
    const [store, restored] = [new KvStore(), new KvStore()]
    store.apply(set(...oddPairs), 3)
    await restored.restore(inChunks(await gather(store.snapshot()), 4_096))
    expect([...restored.values()]).toEqual([...store.values()])
  })

  it('can restore whatever it can come to hold: answers that are kept, queues with long values', async () => {
    const store = new KvStore()
    store.apply(set(['large', mebibyte]), 1)
    const reads = Array.from({ length: 70 }, () => ({ op: 'get' as const, key: 'large', meta: false }))
    const txn = encodeCommand({ type: 'txn', compare: [], onSuccess: reads, onFailure: [] })
    const limits = { records: 10, bytes: 1e9 }
    const result = store.apply(encodeCommand({ type: 'keyed', id: 'k', fingerprint: 'f', limits, command: txn }), 2)
    expect(result).toEqual({ type: 'refused', revision: 2, code: 'TOO_LARGE' })
    for (let index = 3; index < 73; index++) store.apply(encodeCommand({ type: 'grant', ttlMs: 1_000 }), index)
    for (let lease = 3; lease < 73; lease++) store.apply(encodeCommand({ type: 'lock', name: 'l', lease, value: mebibyte }), 100 + lease)
    const restored = new KvStore()
    await restored.restore(store.snapshot())
    expect(restored.locks.get('l')).toEqual(store.locks.get('l'))
    expect(restored.locks.places).toBe(70)
  })

  it('refuses a damaged snapshot and keeps what it had', async () => {
    const store = new KvStore()
    store.apply(set(['a', '1'], ['b', '2']), 1)
    const whole = await gather(store.snapshot())
    for (let length = 0; length < whole.length; length++) {
      await expect(store.restore(inChunks(whole.subarray(0, length), 7))).rejects.toMatchObject({ code: 'CORRUPT' })
    }
    const otherFormat = Buffer.from(whole)
    otherFormat[5] = 1
    await expect(store.restore(inChunks(otherFormat, 7))).rejects.toThrow('format version 1')
    const flipped = Buffer.from(whole)
    flipped[whole.indexOf('b')] = 0x63
    await expect(store.restore(inChunks(flipped, 7))).rejects.toThrow('does not match its checksum')
    await expect(store.restore(inChunks(Buffer.alloc(9, 0xff), 7))).rejects.toThrow('too long')
    expect([...store.values()].map(item => item.key)).toEqual(['a', 'b'])
  })
})
