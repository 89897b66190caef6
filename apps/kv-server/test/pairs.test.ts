import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Exchange, Service } from '../src/http/exchange.ts'
import { defaultLimits } from '../src/http/limits.ts'
import { keyOf, readPairs } from '../src/http/pairs.ts'
import { binaryOf } from '../src/store/binary.ts'

function read(body: string | Buffer) {
  const service = { limits: defaultLimits } as Service
  return readPairs({ service, request: { method: 'POST', headers: {} }, body: Buffer.from(body as string) } as unknown as Exchange)
}

const blank = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 })
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('"', '\\', '\0', '\x1f', '\x7f', 'é', '😀', '{', ':') }),
)

test('one pair is what JSON says it is, however it is spaced and escaped', () => {
  fc.assert(
    fc.property(text, text, fc.array(blank, { minLength: 6, maxLength: 6 }), fc.boolean(), (key, value, [a, b, c, d, e, f], ascii) => {
      fc.pre(key !== '')
      const said = [JSON.stringify(key), JSON.stringify(value)].map(word => (ascii ? escaped(word) : word))
      const body = `${a}{${b}${said[0]}${c}:${d}${said[1]}${e}}${f}`
      expect(read(body)).toEqual([[binaryOf(key), binaryOf(value)]])
    }),
    { numRuns: 2_000 },
  )
})

function escaped(json: string): string {
  return json.replace(/[^ -~]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const notJson = [
  '{"a":"b"',
  '"a":"b"}',
  '{"a" "b"}',
  '{"a":"b",}',
  "{'a':'b'}",
  '{"a":"b"} x',
  '{"a":"\n"}',
  '{"a\u0000":"b"}',
  '\ufeff{"a":"b"}',
]

test.each(notJson)('refuses %j', body => {
  expect(() => read(body)).toThrow('the body is not JSON')
})

test('refuses what is not UTF-8, also in a pair with nothing escaped', () => {
  expect(() => read(Buffer.from('{"a":"\xff"}', 'latin1'))).toThrow('the body is not UTF-8')
})

test('a key in a path is its bytes, percent-encoded or not, as far as they are UTF-8', () => {
  for (const encoded of ['%C3%A9', '\xc3\xa9', '\xc3%a9']) expect(keyOf(encoded, defaultLimits)).toBe('é')
  for (const encoded of ['%E9', '\xe9', '%', '%ed%a0%80', '']) expect(() => keyOf(encoded, defaultLimits)).toThrow('the key is')
})

test('holds keys and values to their limits', () => {
  const { keyBytesMax, valueBytesMax } = defaultLimits
  expect(() => read('{"":"b"}')).toThrow('the key is empty')
  expect(() => read(`{"${'k'.repeat(keyBytesMax + 1)}":"b"}`)).toThrow(`the key is longer than ${keyBytesMax} bytes`)
  expect(() => read(`{"k":"${'v'.repeat(valueBytesMax + 1)}"}`)).toThrow(`larger than ${valueBytesMax} bytes`)
  expect(read(`{"k":"${'v'.repeat(valueBytesMax)}"}`)).toHaveLength(1)
})
