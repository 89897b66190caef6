import type { Compare, CompareOp } from 'kv-client'
import { exitCodes } from '../command/exit-codes.ts'
import { Failure } from '../command/failure.ts'
import { wordsOf } from './words.ts'

export const conditionHelp =
  'KEY = VALUE, KEY != VALUE, exists KEY, missing KEY, or one of created, modified, version, lease before a KEY, =, !=, < or >, and a number; lock NAME = TOKEN'

const ops: readonly string[] = ['=', '!=', '<', '>']
const numbers: readonly string[] = ['created', 'modified', 'version', 'lease']

/** What `--if` says. Its number of words tells which kind it is, so that any word can be a key. @throws Failure */
export function conditionOf(text: string): Compare {
  const words = wordsOf(text, '--if')
  const [first = '', second = '', third = '', fourth = ''] = words
  if (words.length === 2 && first === 'exists') return { key: second, target: 'version', op: '>', operand: 0 }
  if (words.length === 2 && first === 'missing') return { key: second, target: 'version', op: '=', operand: 0 }
  if (words.length === 3 && (second === '=' || second === '!=')) return { key: first, target: 'value', op: second, value: third }
  if (words.length === 4 && ops.includes(third) && /^\d{1,15}$/.test(fourth)) {
    const operand = Number(fourth)
    if (numbers.includes(first)) return { key: second, target: first as 'version', op: third as CompareOp, operand }
    if (first === 'lock' && third === '=') return { key: second, target: 'lock', op: '=', operand }
  }
  throw new Failure(`--if '${text}' is not a condition; write ${conditionHelp}`, exitCodes.usage)
}
