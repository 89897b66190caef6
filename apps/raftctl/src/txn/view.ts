import type { Operation, OperationResult, TxnRequest, TxnResponse } from 'kv-client'
import { cellOf } from '../output/bytes.ts'
import { count } from '../output/units.ts'

/** Which side was done, and what came of each operation. */
export function txnText({ success = [], failure = [] }: TxnRequest, { succeeded, revision, results }: TxnResponse): string {
  const verdict = succeeded ? 'the conditions hold' : 'a condition does not hold'
  const done = succeeded ? success : failure
  const lines = results.map((result, at) => `  ${resultText(done[at], result)}`)
  return [`${verdict} (revision ${revision})${done.length === 0 ? ': nothing to do' : ''}`, ...lines].join('\n')
}

function resultText(operation: Operation | undefined, result: OperationResult): string {
  const key = cellOf(keyOf(operation))
  if (result.op === 'put') return `${key} is set`
  if (result.op === 'get') {
    const { item } = result
    return item === null
      ? `${key} is not there`
      : `${key} = ${cellOf(item.value ?? `base64:${item.valueBase64}`)} (revision ${item.modified})`
  }
  if (result.op === 'deletePrefix') return `${count(result.deleted, 'key')} that begin with ${key} deleted`
  return result.deleted > 0 ? `${key} is deleted` : `${key} was not there`
}

function keyOf(operation: Operation | undefined): string {
  if (operation === undefined) return ''
  if (operation.op === 'deletePrefix') return operation.prefix ?? `base64:${operation.prefixBase64}`
  return operation.key ?? `base64:${operation.keyBase64}`
}
