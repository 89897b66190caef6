import { expect, test } from 'vitest'
import type { Change } from '../src/store/keyspace.ts'
import { ChangeTexts } from '../src/watching/texts.ts'

const MiB = 1024 * 1024
const put = (key: string, value: string): Change => ({ key, value, created: 1, modified: 1, version: 1, lease: 0 })

/** What is kept does not show what was done to the change after it. */
function isKept(texts: ChangeTexts, change: Change): boolean {
  const before = texts.of(change)
  Object.assign(change, { version: 2 })
  const after = texts.of(change)
  Object.assign(change, { version: 1 })
  return after === before
}

test('a change is made into JSON once', () => {
  const texts = new ChangeTexts()
  const change = put('a', '1')
  expect(texts.of(change)).toBe('{"type":"put","key":"a","created":1,"modified":1,"version":1,"value":"1"}')
  expect(isKept(texts, change)).toBe(true)
  expect(texts.of({ key: 'b', value: undefined })).toBe('{"type":"delete","key":"b"}')
})

test.each([
  ['by number', 2_001, 1],
  ['by bytes', 9, MiB],
] as const)('the newest are kept, and no more than two generations of them, bounded %s', (_, count, size) => {
  const texts = new ChangeTexts()
  const changes = Array.from({ length: count }, (_, at) => put(`${at}`, 'x'.repeat(size)))
  for (const change of changes) texts.of(change)
  expect(isKept(texts, changes.at(-1) as Change)).toBe(true)
  expect(isKept(texts, changes.at(-2) as Change)).toBe(true)
  for (const change of changes) Object.assign(change, { version: 2 })
  expect(texts.of(changes[0] as Change)).toContain('"version":2')
})

test('what is alone larger than a generation is not kept', () => {
  const texts = new ChangeTexts()
  const [small, large] = [put('small', '1'), put('large', 'x'.repeat(5 * MiB))]
  texts.of(small)
  expect(isKept(texts, large)).toBe(false)
  expect(isKept(texts, small)).toBe(true)
})
