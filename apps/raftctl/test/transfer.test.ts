import { expect, test } from 'vitest'
import { lineOf } from '../src/transfer/export-line.ts'
import { batchesIn, linesIn } from '../src/transfer/import-lines.ts'

async function* inChunks(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const value of values) found.push(value)
  return found
}

test.each([1, 3, 1_000])('what is exported is imported the same, read in pieces of %d', async size => {
  const entries = [
    ['a', '1'],
    ['b\u2028c', 'one\u2028two\u2029three\nfour\r'],
    ['d', new Uint8Array([255, 0])],
  ] as const
  const text = entries.map(([key, value]) => lineOf(key, value)).join('')
  expect(text).not.toMatch(/[\u2028\u2029]/)
  const [batch] = await all(batchesIn(linesIn(inChunks(text, size))))
  expect(batch?.puts).toEqual([
    { op: 'put', key: 'a', value: '1' },
    { op: 'put', key: entries[1][0], value: entries[1][1] },
    { op: 'put', key: 'd', valueBase64: '/wA=' },
  ])
})

test('lines end with a line feed alone, as others write JSON', async () => {
  const lines = '{"key":"a","value":"x\u2028y"}\r\n\n{"key":"b","value":"z"}'
  const [batch] = await all(batchesIn(linesIn(inChunks(lines, 7))))
  expect(batch).toMatchObject({ lastLine: 3, puts: [{ key: 'a', value: 'x\u2028y' }, { key: 'b' }] })
  expect(await all(linesIn(inChunks('a\n\nb\n', 2)))).toEqual(['a', '', 'b'])
})

test('a key that is not base64 is refused where a prefix goes before it: half of it would be another key', async () => {
  const lines = (key: string) => linesIn(inChunks(`{"key":"a","value":"1"}\n{"keyBase64":"${key}","value":"2"}`, 100))
  for (const good of ['/wA=', '/wA']) {
    const [batch] = await all(batchesIn(lines(good), 'p'))
    expect(batch?.puts[1]).toEqual({ op: 'put', keyBase64: 'cP8A', value: '2' })
  }
  for (const bad of ['/w!A=', 'YQ=', 'YWJjZ', 'YWJj=', '===='])
    await expect(all(batchesIn(lines(bad), 'p'))).rejects.toThrow('line 2: keyBase64 is not base64')
})
