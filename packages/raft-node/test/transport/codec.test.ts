import fc from 'fast-check'
import { Packr } from 'msgpackr'
import type { Message } from 'raft-core'
import { describe, expect, test } from 'vitest'
import { RaftError } from '../../src/errors.ts'
import { decodeMessage, decodeSnapshotHeader, encodeSnapshotHeader, messageFrame } from '../../src/transport/codec.ts'
import { headerBytes } from '../../src/transport/frame.ts'
import { decodeGreeting, decodeRefusal, encodeGreeting, protocolVersion } from '../../src/transport/handshake.ts'
import { decodeBody, decodeFailure, encodeFailure } from '../../src/transport/request-frames.ts'
import { snapshotMessage, snapshotMeta } from './support.ts'

const encodeMessage = (message: Message) => messageFrame(message).subarray(headerBytes)
const decoders = { decodeMessage, decodeSnapshotHeader, decodeGreeting, decodeRefusal, decodeBody, decodeFailure }

const whole = fc.maxSafeNat()
const id = fc.string({ minLength: 1, maxLength: 64 })
const position = fc.record({ term: whole, index: whole })
const data = fc.uint8Array({ maxLength: 50 })
const membership = fc.record({
  voters: fc.array(id),
  outgoing: fc.array(id),
  learners: fc.array(id),
  learnersNext: fc.array(id),
  autoLeave: fc.boolean(),
  promoting: fc.array(id),
})
const entry = fc.oneof(
  fc.record({ term: whole, index: whole, type: fc.constant('command' as const), data }),
  fc.record({ term: whole, index: whole, type: fc.constant('empty' as const) }),
)
const body = fc.oneof(
  fc.record({ type: fc.constant('requestVote' as const), lastEntry: position, transfer: fc.boolean() }),
  fc.record({ type: fc.constant('appendEntries' as const), session: whole, after: position, entries: fc.array(entry), commit: whole }),
  fc.record({ type: fc.constant('appendReply' as const), session: whole, accepted: fc.boolean(), index: whole, hint: position }),
  fc.record({
    type: fc.constant('installSnapshot' as const),
    session: whole,
    snapshot: fc.record({ term: whole, index: whole, membership, data }),
  }),
  fc.record({ type: fc.constant('readIndexReply' as const), context: fc.string(), index: fc.option(whole, { nil: undefined }) }),
)
const message = fc.record({ from: id, to: id, term: whole }).chain(envelope => body.map(rest => ({ ...envelope, ...rest }) as Message))

describe('messages as bytes', () => {
  test('come back equal', () => {
    fc.assert(
      fc.property(message, sent => {
        expect(decodeMessage(encodeMessage(sent))).toEqual(sent)
      }),
    )
  })

  test('do not keep the buffer alive that they were read from', () => {
    const bytes = encodeMessage({ ...snapshotMessage('n1', 'n2') })
    const chunk = new Uint8Array(64 * 1024)
    chunk.set(bytes)
    const read = decodeMessage(Buffer.from(chunk.buffer, 0, bytes.length))
    expect(read.type === 'installSnapshot' && read.snapshot.data.buffer === chunk.buffer).toBe(false)
    const entries = [{ type: 'command', term: 1, index: 2, data: Uint8Array.of(1, 2, 3) }] as const
    const append = encodeMessage({
      type: 'appendEntries',
      from: 'n1',
      to: 'n2',
      term: 1,
      session: 0,
      after: { term: 0, index: 0 },
      entries,
      commit: 0,
    })
    chunk.set(append)
    const decoded = decodeMessage(Buffer.from(chunk.buffer, 0, append.length))
    chunk.fill(0)
    expect(decoded).toMatchObject({ entries })
  })

  test.each(Object.entries(decoders))('%s: random bytes give a clean error', (_name, decode) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        expect(cleanly(() => decode(Buffer.from(bytes)))).not.toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test.each(Object.entries(decoders))('%s: values of any other shape give a clean error', (_name, decode) => {
    const packr = new Packr({ useRecords: false })
    fc.assert(
      fc.property(fc.anything({ withDate: true, withMap: true, withBigInt: false }), fc.nat({ max: 15 }), (value, number) => {
        for (const tuple of [value, [value], [number, value], [number, 'n1', 'n2', 1, value, value, value]]) {
          const bytes = pack(packr, tuple)
          if (bytes !== undefined) expect(cleanly(() => decode(bytes))).not.toBe(false)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('truncated, prolonged or with flipped bits give a clean error or another valid message', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 5 }), (sent, at, more) => {
        const bytes = encodeMessage(sent)
        expect(cleanly(() => decodeMessage(bytes.subarray(0, at % bytes.length)))).toBe('error')
        expect(cleanly(() => decodeMessage(Buffer.concat([bytes, more])))).toBe('error')
        const flipped = Buffer.from(bytes)
        flipped[(at >> 3) % bytes.length]! ^= 1 << (at & 7)
        expect(cleanly(() => decodeMessage(flipped))).not.toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ['a map', '81a161a162'],
    ['a record definition', '91d4720091a16101'],
    ['a date', 'd6ff00000000'],
    ['a number above 2^53', '94cf002000000000000001'],
    ['a negative number', '91ff'],
    ['a fraction', '91cb3ff8000000000000'],
    ['not a number', '91cb7ff8000000000000'],
    ['an array of four thousand million', 'ddffffffff'],
    ['arrays within arrays', '91'.repeat(50_000)],
    ['bytes that are not there', '91c6ffffffff'],
    ['nothing', ''],
  ])('%s is refused', (_what, hex) => {
    for (const decode of Object.values(decoders)) expect(cleanly(() => decode(Buffer.from(hex, 'hex')))).toBe('error')
  })

  test('a snapshot is announced by installSnapshot only', () => {
    const announcement = snapshotMessage('n1', 'n2')
    if (announcement.type !== 'installSnapshot') throw new Error('not the announcement')
    const bytes = encodeSnapshotHeader(announcement, snapshotMeta(3))
    expect(decodeSnapshotHeader(bytes)).toEqual({ message: announcement, meta: snapshotMeta(3) })
    const other = encodeSnapshotHeader(
      { ...announcement, type: 'voteReply', granted: true, commit: { term: 1, index: 2 } } as never,
      snapshotMeta(3),
    )
    expect(cleanly(() => decodeSnapshotHeader(other))).toBe('error')
  })

  test('a greeting of another version is told as such, whatever else it says', () => {
    const packr = new Packr({ useRecords: false })
    expect(decodeGreeting(packr.pack([protocolVersion + 1, ['something', 'new']]))).toBe(undefined)
    const hello = { clusterId: 'c', nodeId: 'n1', incarnation: 'i', last: { term: 1, index: 2 }, repairing: false, start: 's' }
    const greeting = { hello, expects: 'n2', purpose: 'snapshot' } as const
    expect(decodeGreeting(encodeGreeting(greeting))).toEqual(greeting)
  })

  test('an error of any kind can be sent', () => {
    for (const thrown of [new RaftError('OVERLOADED', 'later'), new TypeError('x is undefined'), 'text', undefined]) {
      expect(decodeFailure(encodeFailure(3, thrown))).toMatchObject({ id: 3 })
    }
  })
})

/** true: decoded; 'error': RaftError CORRUPT; false: anything else was thrown. Both of the first are clean. */
function cleanly(decode: () => unknown): boolean | 'error' {
  try {
    decode()
    return true
  } catch (error) {
    return error instanceof RaftError && error.code === 'CORRUPT' ? 'error' : false
  }
}

function pack(packr: Packr, value: unknown): Buffer | undefined {
  try {
    return packr.pack(value)
  } catch {
    return undefined
  }
}
