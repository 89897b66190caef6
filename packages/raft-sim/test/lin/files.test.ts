import { expect, test } from 'vitest'
import { checkFiles } from '../../src/lin/files.ts'

function run(
  files: Readonly<Record<string, string>>,
  args = Object.keys(files),
): { readonly code: number; readonly out: string; readonly error: string } {
  let [out, error] = ['', '']
  const read = (file: string): string => {
    const text = files[file]
    if (text === undefined)
      throw Object.assign(new Error(`ENOENT: no such file or directory, open '${file}'`), { code: 'ENOENT', syscall: 'open' })
    return text
  }
  const code = checkFiles(args, { read, out: text => (out += text), error: text => (error += text) })
  return { code, out, error }
}

const lines = (...operations: readonly object[]): string => operations.map(operation => `${JSON.stringify(operation)}\n`).join('')

const good = lines(
  { client: 1, op: 'write', key: 'a', value: 'x', call: 1, return: 4 },
  { client: 2, op: 'read', key: 'a', value: null, call: 2, return: 3 },
  { client: 2, op: 'cas', key: 'b', expected: null, value: 'y', ok: true, call: 4, return: 5 },
  { client: 3, op: 'append', key: 'b', value: 'z', call: 6, return: null },
  { client: 2, op: 'read', key: 'b', value: 'yz', call: 7, return: 8 },
)

test('a history that is linearizable', () => {
  expect(run({ 'good.jsonl': `${good}\n` })).toEqual({ code: 0, out: 'good.jsonl: linearizable\n', error: '' })
})

test('a stale read, explained by nothing but what it contradicts', () => {
  const bad = lines(
    { client: 1, op: 'write', key: 'a', value: 'old', call: 1, return: 2 },
    { client: 1, op: 'write', key: 'b', value: 'other', call: 3, return: 4 },
    { client: 2, op: 'write', key: 'a', value: 'new', call: 3, return: null },
    { client: 1, op: 'read', key: 'a', value: 'new', call: 5, return: 6 },
    { client: 3, op: 'write', key: 'a', value: 'later', call: 5, return: null },
    { client: 4, op: 'read', key: 'a', value: 'old', call: 7, return: 8 },
    { client: 4, op: 'read', key: 'a', value: 'new', call: 9, return: 10 },
  )
  expect(run({ 'bad.jsonl': bad, 'good.jsonl': good })).toEqual({
    code: 1,
    error: '',
    out: `bad.jsonl: not linearizable
  key "a": no order of these 4 operations explains what was seen
    from 1 to 2: client 1 wrote "old"
    from 3 on, outcome unknown: client 2 may have written "new"
    from 5 to 6: client 1 read "new"
    from 7 to 8: client 4 read "old"   <- impossible
  the longest order that fits: wrote "old", may have written "new", read "new"
good.jsonl: linearizable
`,
  })
})

test('calls and returns of the same moment overlap', () => {
  const read = (value: string | null) =>
    lines(
      { client: 1, op: 'write', key: 'a', value: 'x', call: 1, return: 2 },
      { client: 2, op: 'read', key: 'a', value, call: 2, return: 2 },
    )
  expect(run({ before: read(null), after: read('x') }).code).toBe(0)
})

test.each([
  ['{"client":1', 'is not JSON'],
  ['[1]', 'must be a JSON object'],
  [lines({ client: 1, op: 'increment', key: 'a', value: 1, call: 1, return: 2 }), 'op must be read, write, cas or append, not "increment"'],
  [lines({ client: 1, op: 'write', key: 'a', call: 1, return: 2 }), 'value is missing'],
  [lines({ client: 1, op: 'write', key: 'a', value: {}, call: 1, return: 2 }), 'value must be a string'],
  [lines({ client: 1, op: 'read', key: 'a', value: 'x', call: 1 }), 'return is missing'],
  [lines({ client: 1, op: 'read', key: 'a', value: 'x', call: 3, return: 2 }), 'it returns at 2, before its call at 3'],
  [lines({ client: 1, op: 'read', key: 'a', value: 'x', call: '1', return: 2 }), 'call must be a number'],
  [lines({ op: 'read', key: 'a', value: 'x', call: 1, return: 2 }), 'client must be'],
  [lines({ client: 1, op: 'read', value: 'x', call: 1, return: 2 }), 'key must be'],
  [lines({ client: 1, op: 'cas', key: 'a', expected: 'x', value: 'y', call: 1, return: 2 }), 'ok must be true or false'],
  [lines({ client: 1, op: 'cas', key: 'a', value: 'y', ok: true, call: 1, return: 2 }), 'expected is missing'],
  [lines({ client: 1, op: 'append', key: 'a', value: 7, call: 1, return: 2 }), 'value must be a string'],
])('a line that is refused: %s', (line, message) => {
  const { code, error, out } = run({ 'h.jsonl': `${good}${line}` })
  expect([code, out]).toEqual([2, ''])
  expect(error).toContain(`h.jsonl: line 6: ${message}`)
})

test('files that are not there, and none at all', () => {
  const missing = run({ 'good.jsonl': good }, ['missing.jsonl', 'good.jsonl'])
  expect(missing.code).toBe(2)
  expect(missing.error).toContain('missing.jsonl: ENOENT')
  expect(missing.out).toBe('good.jsonl: linearizable\n')
  expect(run({}).code).toBe(2)
  expect(run({}, ['--help'])).toMatchObject({ code: 0, error: '' })
})
