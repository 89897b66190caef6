import { reduce } from '../reductions.ts'
import { KeyHistory } from './key-history.ts'
import type { Operation, Value } from './operation.ts'
import { search } from './search.ts'

export type Core = {
  /** Operations that cannot be ordered. With any more left out, they could. */
  readonly core: readonly Operation[]
  /** The first that returned with what no order explains. */
  readonly impossible: Operation
  /** An order of as many of the core as possible. */
  readonly longest: readonly Operation[]
}

/** What looking for a short explanation may cost: operations searched through, and configurations remembered in one search. */
const maxOperations = 150_000
const maxConfigurations = 5_000

/**
 * The fewest operations of one key that cannot be ordered. Whatever is left out is left out by rules that never make a good history a bad
 * one: what came later; operations that change nothing; and all that concerns one value.
 */
export function coreOf(operations: readonly Operation[]): Core {
  let budget = maxOperations
  const isBad = (some: readonly Operation[]): boolean => {
    budget -= some.length + 10
    return budget > 0 && search(new KeyHistory(some), maxConfigurations).result === 'not linearizable'
  }
  const impossible = firstImpossible(operations, isBad)
  let core = until(operations, impossible)
  if (core.some(isFailedCas)) {
    const without = core.filter(operation => !isFailedCas(operation))
    if (isBad(without)) core = without
  }
  // A cas that failed says that a value was not there: leaving out others could bring it back.
  if (!core.some(({ op }) => op === 'append') && !core.some(isFailedCas)) {
    core = reduce(groupsOf(core), groups => isBad(groups.flat())).flat()
  }
  const changing = core.filter(operation => !isHarmless(operation))
  const harmless = reduce(core.filter(isHarmless), some => isBad([...changing, ...some]))
  core = [...changing, ...harmless].sort((a, b) => a.call - b.call)
  const verdict = search(new KeyHistory(core), maxConfigurations, false)
  const longest = verdict.result === 'not linearizable' ? verdict.longest.map(({ operation }) => operation) : []
  return { core, impossible, longest }
}

/** What was seen until then is bad, and before it was not. */
function firstImpossible(operations: readonly Operation[], isBad: (some: readonly Operation[]) => boolean): Operation {
  const returned = operations.filter(operation => operation.return !== null).sort((a, b) => (a.return ?? 0) - (b.return ?? 0))
  let low = 0
  let high = returned.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBad(until(operations, returned[middle]!))) high = middle
    else low = middle + 1
  }
  return returned[low]!
}

/** What is known once this operation has returned. */
function until(operations: readonly Operation[], last: Operation): readonly Operation[] {
  const end = last.return ?? Infinity
  return operations
    .filter(operation => operation.call <= end && !(isHarmless(operation) && operation.return !== null && operation.return > end))
    .map(operation => (operation.return !== null && operation.return > end ? { ...operation, return: null } : operation))
}

function isFailedCas(operation: Operation): boolean {
  return operation.op === 'cas' && operation.return !== null && !operation.ok
}
function isHarmless(operation: Operation): boolean {
  return operation.op === 'read' || isFailedCas(operation)
}

/** Operations that have a value in common, or are connected by others that have. */
function groupsOf(operations: readonly Operation[]): readonly (readonly Operation[])[] {
  const parents = new Map<Value, Value>()
  const root = (value: Value): Value => {
    let at = value
    while (parents.has(at)) at = parents.get(at)!
    return at
  }
  for (const operation of operations) {
    if (operation.op !== 'cas') continue
    const [from, to] = [root(operation.expected), root(operation.value)]
    if (from !== to) parents.set(from, to)
  }
  const groups = new Map<Value, Operation[]>()
  for (const operation of operations) {
    const group = groups.get(root(operation.value))
    if (group === undefined) groups.set(root(operation.value), [operation])
    else group.push(operation)
  }
  return [...groups.values()]
}
