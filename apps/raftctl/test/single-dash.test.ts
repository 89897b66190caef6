import { expect, test } from 'vitest'
import { withTwoDashes } from '../src/command/single-dash.ts'

test("the workshop's flags get their second dash, and nothing else changes", () => {
  expect(withTwoDashes(['-httpaddr', 'a:1', '-raftaddr=b:2', '--join', 'c:3', '-q', '-ht', '--', '-httpaddr'])).toEqual([
    '--httpaddr',
    'a:1',
    '--raftaddr=b:2',
    '--join',
    'c:3',
    '-q',
    '-ht',
    '--',
    '-httpaddr',
  ])
})
