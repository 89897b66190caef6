import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { binaryFrom, binaryOf } from '../src/store/binary.ts'
import { type Command, type Compare, compareOps, numberTargets, type Operation } from '../src/store/command.ts'
import { decodeCommand, encodeCommand } from '../src/store/command-codec.ts'
import { resultCodec } from '../src/store/result-codec.ts'

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '__proto__', '\ufeffbom', '\0', '👋'))
const binary = fc.oneof(fc.uint8Array({ maxLength: 20 }).map(binaryFrom), text.map(binaryOf))
const number = fc.maxSafeNat()
const key = { key: binary }
const target = fc.constantFrom(...numberTargets)
const compare: fc.Arbitrary<Compare> = fc.oneof(
  fc.record({ target, ...key, op: fc.constantFrom(...compareOps), operand: number }),
  fc.record({ target: fc.constant('value' as const), ...key, op: fc.constantFrom('=' as const, '!=' as const), operand: binary }),
)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ op: fc.constant('put' as const), ...key, value: binary, lease: number, ttlMs: number }),
  fc.record({ op: fc.constant('delete' as const), ...key }),
  fc.record({ op: fc.constant('deletePrefix' as const), prefix: binary }),
  fc.record({ op: fc.constant('get' as const), ...key, meta: fc.boolean() }),
)
const lease = { lease: number }
const pairs = fc.array(fc.tuple(binary, binary))
const of = <Type extends string>(type: Type) => ({ type: fc.constant(type) })
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ ...of('set'), pairs }),
  fc.record({ ...of('delete'), ...key }),
  fc.record({ ...of('txn'), compare: fc.array(compare), onSuccess: fc.array(operation), onFailure: fc.array(operation) }),
  fc.record({ ...of('grant'), ttlMs: number }),
  fc.record({ ...of('keepAlive'), ...lease }),
  fc.record({ ...of('revoke'), ...lease }),
  fc.record({ ...of('time'), sinceMs: number, nowMs: number }),
  fc.record({ ...of('lock'), name: binary, ...lease, value: binary }),
  fc.record({ ...of('unlock'), name: binary, ...lease }),
  fc.record({ ...of('addSecret'), digest: binary, ttlMs: number }),
  fc.record({ ...of('useSecret'), digest: binary, user: binary }),
  fc.record({ ...of('restoreBegin') }),
  fc.record({ ...of('restoreItems'), restore: number, pairs }),
  fc.record({ ...of('restoreCommit'), restore: number, count: number }),
  fc.record({
    ...of('keyed'),
    id: binary,
    fingerprint: binary,
    limits: fc.record({ records: number, bytes: number }),
    command: fc.uint8Array().map(bytes => Buffer.from(bytes)),
  }),
)

describe('commands', () => {
  it('come back from bytes as they were', () => {
    fc.assert(
      fc.property(command, command => {
        expect(decodeCommand(encodeCommand(command))).toEqual(command)
      }),
      { numRuns: 500 },
    )
  })

  it('are never longer than the same pairs as JSON, beyond a few bytes', () => {
    fc.assert(
      fc.property(fc.dictionary(text, text, { minKeys: 1 }), record => {
        const bytes = encodeCommand({
          type: 'set',
          pairs: Object.entries(record).map(([key, value]) => [binaryOf(key), binaryOf(value)]),
        }).length
        expect(bytes).toBeLessThanOrEqual(Buffer.byteLength(JSON.stringify(record)) + 8)
      }),
    )
  })

  it('that are malformed are told, never thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        const decoded = decodeCommand(bytes)
        if (decoded.type !== 'malformed') expect(encodeCommand(decoded).length).toBeGreaterThan(0)
      }),
      { numRuns: 2_000 },
    )
  })

  it('are malformed when cut or when something follows', () => {
    const bytes = encodeCommand({
      type: 'set',
      pairs: [
        ['foo', 'bar'],
        ['baz', '\xf0\x9f'],
      ],
    })
    for (let length = 0; length < bytes.length; length++) expect(decodeCommand(bytes.subarray(0, length)).type).toBe('malformed')
    expect(decodeCommand(Buffer.concat([bytes, Buffer.of(0)]))).toEqual({ type: 'malformed', message: 'the command goes on after its end' })
  })

  it.each([
    ['nothing', [], 'the command ends too early'],
    ['another format version', [9, 1, 0], 'the command has format version 9, this store knows 1'],
    ['an unknown tag', [1, 99], 'the command has the unknown tag 99'],
    ['a count beyond the bytes', [1, 1, 255, 255, 255, 127], 'the command ends too early'],
    ['a length beyond the bytes', [1, 2, 255, 255, 255, 127], 'the command ends too early'],
    ['a number without end', [1, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255], 'the command holds a number that is too large'],
    ['an unknown target', [1, 3, 1, 9], 'the command holds the unknown choice 9'],
    ['values in an order', [1, 3, 1, 5, 2, 0, 0, 0, 0], 'the command compares a value with <'],
  ])('says what is wrong: %s', (_, bytes, message) => {
    expect(decodeCommand(Uint8Array.from(bytes))).toEqual({ type: 'malformed', message })
  })
})

describe('results', () => {
  it.each([
    { type: 'set', revision: 0 },
    { type: 'set', revision: Number.MAX_SAFE_INTEGER },
    { type: 'delete', revision: 300, deleted: true },
    { type: 'delete', revision: 300, deleted: false },
    { type: 'malformed', message: 'why' },
    { type: 'lease', revision: 9, lease: 8, ttlMs: 7 },
    { type: 'done', revision: 9, count: 8 },
    { type: 'lock', revision: 9, token: 8, ahead: 0 },
    { type: 'refused', revision: 9, code: 'IDEMPOTENCY_TABLE_FULL' },
    { type: 'replayed', result: { type: 'set', revision: 3 } },
    {
      type: 'txn',
      revision: 9,
      succeeded: true,
      lease: 9,
      results: [
        { op: 'put' },
        { op: 'delete', deleted: 1 },
        { op: 'deletePrefix', deleted: 300 },
        { op: 'get', item: undefined },
        { op: 'get', item: { key: 'k\xff', value: '\0', created: 1, modified: 2, version: 3, lease: 4 } },
      ],
    },
  ] as const)('come back from bytes as they were: %o', result => {
    expect(resultCodec.decode(resultCodec.encode(result))).toEqual(result)
  })

  it('of another format are refused', () => {
    expect(() => resultCodec.decode(Uint8Array.of(2, 1, 0))).toThrow('format version 2')
    expect(() => resultCodec.decode(Uint8Array.of(1, 99, 0))).toThrow('unknown tag 99')
  })
})
