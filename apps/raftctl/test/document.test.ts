import { expect, test } from 'vitest'
import { patternOf, stepsOf } from './e2e/harness/document.ts'

test('steps of a document: commands with what they print, and terminals', () => {
  const markdown = [
    'text',
    '```console terminal',
    '$ serve',
    'ready',
    '```',
    '```console',
    '$ a \\',
    '  b',
    'one',
    'two',
    '$ c',
    '```',
    '```ts',
    '$ no',
    '```',
  ].join('\n')
  expect(stepsOf(markdown)).toEqual([
    { command: 'serve', expected: 'ready', background: true },
    { command: 'a \\\n  b', expected: 'one\ntwo', background: false },
    { command: 'c', expected: '', background: false },
  ])
})

test.each([
  ['a … c', 'a b c', true],
  ['a … c', 'a b d', false],
  ['{"index":…}', '{"index":7}', true],
  ['first\n…\nlast', 'first\nx\ny\nlast', true],
  ['first\n…\nlast', 'first\nx\ny\nlost', false],
  ['first\n…', 'first\nand more', true],
  ['', '', true],
  ['', 'something', false],
  ['a.c', 'abc', false],
])('%j against %j: %j', (expected, output, is) => {
  expect(patternOf(expected).test(output)).toBe(is)
})
