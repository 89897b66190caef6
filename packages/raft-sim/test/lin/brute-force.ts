import type { Operation, Value } from '../../src/lin/operation.ts'

/** Tries every order there is. Right for certain, and slow: for a handful of operations on one key. */
export function isLinearizable(operations: readonly Operation[], state: Value = null): boolean {
  const definite = operations.filter(({ return: returned }) => returned !== null)
  if (definite.length === 0) return true
  const deadline = Math.min(...definite.map(({ return: returned }) => returned ?? Infinity))
  return operations.some(next => {
    if (next.call > deadline) return false
    const after = apply(next, state)
    return (
      after !== undefined &&
      isLinearizable(
        operations.filter(other => other !== next),
        after.state,
      )
    )
  })
}

function apply(operation: Operation, state: Value): { readonly state: Value } | undefined {
  const { op, value } = operation
  if (op === 'write') return { state: value }
  if (op === 'append') return { state: state === null ? value : `${state}${value}` }
  if (op === 'read') return operation.return === null || state === value ? { state } : undefined
  const fits = state === operation.expected
  if (operation.return === null) return { state: fits ? value : state }
  return fits === operation.ok ? { state: fits ? value : state } : undefined
}
