import type { Binary } from './binary.ts'
import type { Compare, Operation, OperationResult } from './command.ts'
import type { Keyspace } from './keyspace.ts'
import type { Locks } from './locks.ts'
import type { Stored } from './stored.ts'

type Parts = { readonly keys: Keyspace; readonly locks: Locks }

/** Whether a condition holds. A key that is not there has revisions, version and lease 0, and no value. */
export function holds(compare: Compare, { keys, locks }: Parts): boolean {
  if (compare.target === 'lock') return related(locks.get(compare.key)?.holder.token ?? 0, compare.op, compare.operand)
  const item = keys.get(compare.key)
  if (compare.target !== 'value') return related(item?.[compare.target] ?? 0, compare.op, compare.operand)
  return (item?.value === compare.operand) === (compare.op === '=')
}

/**
 * What the reads of one transaction may take, in bytes: less than a frame between nodes may be long, so that every node can answer, and
 * than a record of a snapshot, where the answer may be kept.
 */
export const resultBytesMax = 8 * 1024 * 1024 - 64 * 1024
/** Revisions, lengths and the like. */
const bytesBeside = 64

/** How much the reads among these operations would take at most. */
export function bytesRead(operations: readonly Operation[], keys: Keyspace): number {
  const written = new Map<Binary, number>()
  let bytes = 0
  for (const operation of operations) {
    if (operation.op === 'put') written.set(operation.key, operation.value.length)
    if (operation.op !== 'get') continue
    const { key, meta } = operation
    const value = meta ? 0 : (written.get(key) ?? keys.get(key)?.value.length ?? 0)
    bytes += bytesBeside + key.length + value
  }
  return bytes
}

function related(actual: number, op: Compare['op'], operand: number): boolean {
  if (op === '=') return actual === operand
  if (op === '!=') return actual !== operand
  return op === '<' ? actual < operand : actual > operand
}

/** Does one operation. `ownLease`: of keys that come with a time to live. */
export function run(operation: Operation, keys: Keyspace, revision: number, ownLease: number): OperationResult {
  const { op } = operation
  if (op === 'put') {
    keys.put(operation.key, operation.value, operation.ttlMs > 0 ? ownLease : operation.lease, revision)
    return { op }
  }
  if (op === 'delete') return { op, deleted: keys.delete(operation.key) ? 1 : 0 }
  if (op === 'deletePrefix') return { op, deleted: keys.deletePrefix(operation.prefix) }
  return { op, item: shown(keys.get(operation.key), operation.meta) }
}

function shown(item: Stored | undefined, meta: boolean): Stored | undefined {
  return item !== undefined && meta ? { ...item, value: '' } : item
}
