import { expect, test } from 'vitest'
import { conditionOf } from '../src/txn/condition.ts'
import { operationOf } from '../src/txn/operation.ts'
import { txnText } from '../src/txn/view.ts'
import { wordsOf } from '../src/txn/words.ts'

test.each([
  ['a b  c', ['a', 'b', 'c']],
  [`set k "two words"`, ['set', 'k', 'two words']],
  [`set k 'it''s'`, ['set', 'k', 'its']],
  [`a\\ b "c\\"d" 'e\\f'`, ['a b', 'c"d', 'e\\f']],
  [`set k ""`, ['set', 'k', '']],
  ['   ', []],
])('the words of %j', (text, words) => {
  expect(wordsOf(text, '--if')).toEqual(words)
})

test('an open quote is an error', () => {
  expect(() => wordsOf('set k "x', '--then')).toThrow(`--then 'set k "x': a " is open; close it`)
})

test.each([
  ['a = 1', { key: 'a', target: 'value', op: '=', value: '1' }],
  ['a != ""', { key: 'a', target: 'value', op: '!=', value: '' }],
  ['exists = 1', { key: 'exists', target: 'value', op: '=', value: '1' }],
  ['exists a', { key: 'a', target: 'version', op: '>', operand: 0 }],
  ['missing a', { key: 'a', target: 'version', op: '=', operand: 0 }],
  ['modified a < 12', { key: 'a', target: 'modified', op: '<', operand: 12 }],
  ['lock deploy = 7', { key: 'deploy', target: 'lock', op: '=', operand: 7 }],
])('the condition %j', (text, condition) => {
  expect(conditionOf(text)).toEqual(condition)
})

test.each(['', 'a', 'a < b', 'modified a = x', 'lock a > 1', 'a = 1 2 3'])('%j is no condition, and the message says what is', text => {
  expect(() => conditionOf(text)).toThrow(/is not a condition; write KEY = VALUE/)
})

test.each([
  ['set a 1', { op: 'put', key: 'a', value: '1' }],
  ['set a ""', { op: 'put', key: 'a', value: '' }],
  ['get a', { op: 'get', key: 'a' }],
  ['delete a', { op: 'delete', key: 'a' }],
  ['delete-prefix a/', { op: 'deletePrefix', prefix: 'a/' }],
])('the operation %j', (text, operation) => {
  expect(operationOf(text, '--then')).toEqual(operation)
})

test.each(['', 'set a', 'set a 1 2', 'put a 1', 'get'])('%j is no operation, and the message says what is', text => {
  expect(() => operationOf(text, '--else')).toThrow(/^--else '.*' is not an operation; write set KEY VALUE/)
})

test('what came of it, in words', () => {
  const item = { key: 'a', value: '1', created: 1, modified: 2, version: 1 }
  const request = { success: [], failure: [operationOf('get a', '--else'), operationOf('delete-prefix b', '--else')] }
  const results = [
    { op: 'get', item },
    { op: 'deletePrefix', deleted: 1 },
  ] as const
  expect(txnText(request, { revision: 9, succeeded: false, results })).toBe(
    'a condition does not hold (revision 9)\n  a = 1 (revision 2)\n  1 key that begin with b deleted',
  )
})
