import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Command, decodeCommand, encodeCommand, resultCodec } from '../src/command.ts'

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '__proto__', '\ufeffbom', '\0', '👋'))

describe('commands', () => {
  it('come back from bytes as they were', () => {
    const set = fc.record({ type: fc.constant('set' as const), pairs: fc.array(fc.tuple(text, text)) })
    const remove = fc.record({ type: fc.constant('delete' as const), key: text })
    fc.assert(
      fc.property(fc.oneof(set, remove), (command: Command) => {
        expect(decodeCommand(encodeCommand(command))).toEqual(command)
      }),
    )
  })

  it('are never longer than the same pairs as JSON, beyond a few bytes', () => {
    fc.assert(
      fc.property(fc.dictionary(text, text, { minKeys: 1 }), record => {
        const bytes = encodeCommand({ type: 'set', pairs: Object.entries(record) }).length
        expect(bytes).toBeLessThanOrEqual(Buffer.byteLength(JSON.stringify(record)) + 8)
      }),
    )
  })

  it('that are malformed are told, never thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        expect(['set', 'delete', 'malformed']).toContain(decodeCommand(bytes).type)
      }),
      { numRuns: 2_000 },
    )
  })

  it('are malformed when cut or when something follows', () => {
    const bytes = encodeCommand({
      type: 'set',
      pairs: [
        ['foo', 'bar'],
        ['baz', '👋'],
      ],
    })
    for (let length = 0; length < bytes.length; length++) expect(decodeCommand(bytes.subarray(0, length)).type).toBe('malformed')
    expect(decodeCommand(Buffer.concat([bytes, Buffer.of(0)]))).toEqual({ type: 'malformed', message: 'the command goes on after its end' })
  })

  it.each([
    ['nothing', [], 'the command ends too early'],
    ['another format version', [9, 1, 0], 'the command has format version 9, this store knows 1'],
    ['an unknown tag', [1, 9], 'the command has the unknown tag 9'],
    ['a count beyond the bytes', [1, 1, 255, 255, 255, 127], 'the command ends too early'],
    ['a length beyond the bytes', [1, 2, 255, 255, 255, 127], 'the command ends too early'],
    ['a number without end', [1, 2, 255, 255, 255, 255, 255, 255, 255, 255, 255], 'the command holds a number that is too large'],
    ['text that is not UTF-8', [1, 2, 1, 0xff], 'the command holds text that is not UTF-8'],
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
  ] as const)('come back from bytes as they were: %o', result => {
    expect(resultCodec.decode(resultCodec.encode(result))).toEqual(result)
  })

  it('of another format are refused', () => {
    expect(() => resultCodec.decode(Uint8Array.of(2, 1, 0))).toThrow('format version 2')
    expect(() => resultCodec.decode(Uint8Array.of(1, 9, 0))).toThrow('unknown tag 9')
  })
})
