import type { Core } from './core.ts'
import { coreOf } from './core.ts'
import { KeyHistory } from './key-history.ts'
import type { Operation } from './operation.ts'
import { search } from './search.ts'

export type Linearizability =
  | { readonly result: 'linearizable' }
  | ({ readonly result: 'not linearizable'; readonly key: string } & Core)
  | { readonly result: 'undecided'; readonly key: string; readonly operations: number }

/** So many configurations are remembered for one key before the check gives up: well under 1 GB. */
const defaultLimit = 3_000_000

/**
 * Was there one order of all operations that keeps to real time and explains every answer? Each key is a register of its own, so each is
 * checked by itself (linearizability is local). A check that gives up is no success: `undecided`.
 */
export function checkLinearizability(operations: Iterable<Operation>, limit: number = defaultLimit): Linearizability {
  let undecided: Linearizability | undefined
  let shortest: Extract<Linearizability, { result: 'not linearizable' }> | undefined
  for (const [key, ofKey] of byKey(operations)) {
    const verdict = search(new KeyHistory(ofKey), limit)
    if (verdict.result === 'undecided') undecided ??= { result: 'undecided', key, operations: ofKey.length }
    if (verdict.result !== 'not linearizable') continue
    const found = coreOf(ofKey)
    if (shortest === undefined || found.core.length < shortest.core.length) shortest = { result: 'not linearizable', key, ...found }
  }
  return shortest ?? undecided ?? { result: 'linearizable' }
}

function byKey(operations: Iterable<Operation>): Map<string, Operation[]> {
  const keys = new Map<string, Operation[]>()
  for (const operation of operations) {
    const others = keys.get(operation.key)
    if (others === undefined) keys.set(operation.key, [operation])
    else others.push(operation)
  }
  return keys
}
