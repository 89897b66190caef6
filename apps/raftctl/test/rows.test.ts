import { expect, test } from 'vitest'
import { cellOf } from '../src/output/bytes.ts'
import { type Format, formats } from '../src/output/render.ts'
import { RowPrinter, type RowView } from '../src/output/rows.ts'

type Row = { readonly key: string; readonly size: number }
const view: RowView<Row> = {
  columns: [
    ['KEY', ({ key }) => key],
    ['N', ({ size }) => String(size)],
  ],
  fields: ['key', 'size'],
}

function printed(output: Format, batches: readonly (readonly Row[])[], kind: 'list' | 'stream' = 'list', field?: string): string {
  let text = ''
  const printer = new RowPrinter(view, { output, field, kind, write: more => (text += more) })
  for (const batch of batches) printer.print(batch)
  printer.end()
  return text
}

const batches = [[{ key: 'a', size: 1 }], [{ key: 'longer', size: 22 }]]

test('a list is one document, however it comes', () => {
  expect(JSON.parse(printed('json', batches))).toEqual(batches.flat())
  expect(printed('yaml', batches)).toBe('- key: a\n  size: 1\n- key: longer\n  size: 22\n')
  expect(printed('csv', batches)).toBe('key,size\na,1\nlonger,22\n')
  expect(printed('table', batches)).toBe('KEY  N\na    1\nlonger  22\n')
})

test('a list of nothing is a document, too', () => {
  expect(formats.map(format => printed(format, []))).toEqual(['', '[]\n', '[]\n', 'key,size\n'])
})

test('of a stream each row is a document', () => {
  expect(printed('json', batches, 'stream')).toBe('{"key":"a","size":1}\n{"key":"longer","size":22}\n')
  expect(printed('yaml', batches, 'stream')).toBe('---\nkey: a\nsize: 1\n---\nkey: longer\nsize: 22\n')
  expect(printed('csv', batches, 'stream')).toBe('key,size\na,1\nlonger,22\n')
})

test('a field of each row', () => {
  expect(printed('table', batches, 'list', 'key')).toBe('a\nlonger\n')
  expect(printed('json', batches, 'stream', 'size')).toBe('1\n22\n')
  expect(() => printed('table', batches, 'list', 'none')).toThrow('there is no "none"; there is key, size')
})

test('a cell is one line without anything that moves a cursor, and not too long', () => {
  expect(cellOf('a\n\u001b[2J\u009bb')).toBe('a\\n\\u001b[2J\\u009bb')
  expect(cellOf('😀'.repeat(100))).toBe(`${'😀'.repeat(59)}…`)
  expect(cellOf(Buffer.from([0xff]))).toBe('base64:/w==')
})
