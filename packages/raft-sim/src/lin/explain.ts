import type { Linearizability } from './check.ts'
import type { Operation, Value } from './operation.ts'

/** So many operations are shown; of more than these, the last ones. */
const maxShown = 20

/** Why it is not linearizable, or not decided: to be read aloud. Nothing if it is. */
export function explainLinearizability(verdict: Linearizability): readonly string[] {
  if (verdict.result === 'linearizable') return []
  const key = JSON.stringify(verdict.key)
  if (verdict.result === 'undecided')
    return [`key ${key}: the search through ${verdict.operations} operations was given up; that is no proof`]
  const { core, impossible, longest } = verdict
  const hidden = Math.max(0, core.length - maxShown)
  return [
    `key ${key}: no order of ${core.length === 1 ? 'this operation' : `these ${core.length} operations`} explains what was seen`,
    ...(hidden > 0 ? [`  (${hidden} before them)`] : []),
    ...core.slice(hidden).map(operation => `  ${sentence(operation)}${operation === impossible ? '   <- impossible' : ''}`),
    ...(longest.length > 0 && longest.length <= maxShown ? [`the longest order that fits: ${longest.map(deed).join(', ')}`] : []),
  ]
}

function sentence(operation: Operation): string {
  const { client, call, return: returned } = operation
  const when = returned === null ? `from ${call} on, outcome unknown:` : `from ${call} to ${returned}:`
  return `${when} client ${client} ${deed(operation)}`
}

function deed(operation: Operation): string {
  const isUnknown = operation.return === null
  switch (operation.op) {
    case 'read':
      return operation.value === null ? 'found nothing' : `read ${show(operation.value)}`
    case 'write':
      return `${isUnknown ? 'may have written' : 'wrote'} ${show(operation.value)}`
    case 'append':
      return `${isUnknown ? 'may have appended' : 'appended'} ${show(operation.value)}`
    case 'cas': {
      const change = `from ${show(operation.expected)} to ${show(operation.value)}`
      if (isUnknown) return `may have changed it ${change}`
      return operation.ok ? `changed it ${change}` : `did not change it ${change}: it was something else`
    }
  }
}

function show(value: Value): string {
  if (value === null) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 40)}… (${text.length - 2} characters)` : text
}
