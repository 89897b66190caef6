import { setFlagsFromString } from 'node:v8'
import { describe, expect, test } from 'vitest'
import { unboxed } from '../src/safe-integer.ts'
import { decodeBase, encodeBase } from '../src/storage/log-keys.ts'
import { decodeSnapshotMeta, encodeSnapshotMeta } from '../src/storage/snapshot-meta.ts'
import { prepareFrame, readFrame } from '../src/storage/wal-frame.ts'
import { unpackTuple } from '../src/transport/tuple.ts'
import { pack, unpack, whole } from '../src/tuples.ts'

setFlagsFromString('--allow-natives-syntax')
/** An array of it alone holds small integers only. Made anew each time: V8 remembers what such an array came to hold before. */
const isSmall = (value: number | undefined): boolean => new Function('value', 'return %HasSmiElements([value])')(value)

/** A chain hash is a float, and makes floats of the numbers beside it. */
const chain = 2 ** 47 + 1

describe('a term or an index is what V8 calls a small integer, as all others are that it meets', () => {
  test('of a snapshot', () => {
    const membership = { voters: ['n1'], outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] }
    const meta = { term: 2, index: 9, chain, size: 3, membershipIndex: 1, membership, members: [] }
    const read = decodeSnapshotMeta(encodeSnapshotMeta(meta))
    expect(read).toEqual(meta)
    expect([read.term, read.index, read.membershipIndex].map(isSmall)).toEqual([true, true, true])
  })

  test('of the base of a log', () => {
    const base = { position: { term: 2, index: 9 }, chain }
    const frame = prepareFrame({ base, end: { index: 11, chain }, entries: [], chain: 0 })
    const bytes = new Uint8Array(frame.size)
    frame.write(bytes, 0, { segment: 1, previous: 0 })
    const read = readFrame(bytes, 0, 1)
    expect(read).toMatchObject({ base, end: { index: 11, chain } })
    const fromLevel = decodeBase(encodeBase(base))
    expect(fromLevel).toEqual(base)
    const positions = [read?.base?.position, fromLevel?.position]
    expect(positions.flatMap(position => [isSmall(position?.term), isSmall(position?.index)])).toEqual([true, true, true, true])
    expect(isSmall(read?.end?.index)).toBe(true)
  })

  test('of a message, and of a request', () => {
    const float = Buffer.from('91cb4022000000000000', 'hex') // 9, as a float
    expect(isSmall(unpackTuple(float).integer())).toBe(true)
    const [first, second] = unpack(pack([1, 9, chain]), 1, 'a request')
    expect([whole(first, 'a term'), whole(second, 'a chain hash')]).toEqual([9, chain])
    expect(isSmall(whole(first, 'a term'))).toBe(true)
  })

  test('and a large one stays what it is', () => {
    for (const value of [2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER]) expect(unboxed(value)).toBe(value)
  })
})
