import { reduce } from '../reductions.ts'
import type { Step } from './key-history.ts'
import { KeyHistory, unseen } from './key-history.ts'
import type { Operation, Value } from './operation.ts'
import { search, searchLongest } from './search.ts'

export type Core = {
  /** Operations that cannot be ordered. With any more left out, they could. */
  readonly core: readonly Operation[]
  /** The first that returned with what no order explains. */
  readonly impossible: Operation
  /** An order of as many of the core as possible. */
  readonly longest: readonly Operation[]
}

/** What looking for a short explanation may cost: operations searched through, and configurations remembered in one search. */
const maxOperations = 300_000
const maxConfigurations = 5_000

/**
 * The shortest explanation that is certain: what was known when the first impossible answer came; of that the fewest reads, and cas that
 * failed, which still contradict the rest; and of the rest what they, or what they depend on, have seen. Whatever is left out is left out by
 * rules that never make a good history a bad one: what came later; what changes nothing; what nobody saw; all that concerns one value.
 */
export function coreOf(operations: readonly Operation[]): Core {
  let budget = maxOperations
  const isBad = (some: readonly Operation[]): boolean => {
    budget -= some.length + 10
    return budget > 0 && search(new KeyHistory(some), maxConfigurations).result === 'not linearizable'
  }
  const first = firstImpossible(operations, isBad)
  const known = until(operations, first)
  const changing = known.filter(operation => !isHarmless(operation))
  const harmless = known.filter(isHarmless)
  const reduced = reducedOf(known, isBad)
  const few = reduced.filter(isHarmless).length
  const fewest = fewer(harmless, few, choices => choices * (changing.length + 10) < budget).find(some => isBad([...changing, ...some]))
  const unordered = fewest === undefined ? reduced : withoutOthers([...changing, ...fewest], isBad)
  const core = [...unordered].sort((a, b) => a.call - b.call)
  const impossible = core.includes(first) ? first : core.reduce((last, one) => ((one.return ?? 0) > (last.return ?? 0) ? one : last))
  const verdict = searchLongest(new KeyHistory(core), maxConfigurations)
  const longest = verdict.result === 'not linearizable' ? verdict.longest.map(({ operation }) => operation) : []
  return { core, impossible, longest }
}

/** As few as leaving out one after the other can find. */
function reducedOf(known: readonly Operation[], isBad: (some: readonly Operation[]) => boolean): readonly Operation[] {
  const without = known.filter(operation => !isFailedCas(operation))
  const core = withoutOthers(without.length < known.length && isBad(without) ? without : known, isBad)
  const changing = core.filter(operation => !isHarmless(operation))
  return withoutOthers([...changing, ...reduce(core.filter(isHarmless), some => isBad([...changing, ...some]))], isBad)
}

/** Without what nobody saw, and values that have nothing to do with it. A cas that failed says that a value was not there: that could bring it back. */
function withoutOthers(operations: readonly Operation[], isBad: (some: readonly Operation[]) => boolean): readonly Operation[] {
  if (operations.some(isFailedCas)) return operations
  const { unseen, others } = unseenOf(operations)
  const kept = [...others, ...reduce(unseen, some => isBad([...others, ...some]))]
  if (kept.length < operations.length) return withoutOthers(kept, isBad)
  if (operations.some(({ op }) => op === 'append')) return operations
  return reduce(groupsOf(operations), groups => isBad(groups.flat())).flat()
}

/** All choices of less than so many, the smallest first, as long as trying all of a size can be paid for. */
function fewer<T>(items: readonly T[], count: number, canPay: (choices: number) => boolean): readonly (readonly T[])[] {
  const all: (readonly T[])[] = []
  let choices: readonly { readonly from: number; readonly chosen: readonly T[] }[] = [{ from: 0, chosen: [] }]
  for (let size = 0; size < count && canPay(all.length + choices.length); size++) {
    all.push(...choices.map(({ chosen }) => chosen))
    if (!canPay(all.length + (choices.length * items.length) / (size + 1))) break
    choices = choices.flatMap(({ from, chosen }) =>
      items.slice(from).map((item, at) => ({ from: from + at + 1, chosen: [...chosen, item] })),
    )
  }
  return all
}

/**
 * What nobody saw, nor anything that grew of it: no order misses it, but it can be what contradicts the others, since it ended what was there.
 * If its outcome is unknown, it contradicts nothing either, and is in neither list.
 */
function unseenOf(operations: readonly Operation[]): Readonly<Record<'unseen' | 'others', readonly Operation[]>> {
  const { definite, optional } = new KeyHistory(operations)
  const some = (steps: readonly Step[], isUnseen: boolean) =>
    steps.filter(({ value }) => (value === unseen) === isUnseen).map(({ operation }) => operation)
  return { unseen: some(definite, true), others: [...some(definite, false), ...some(optional, false)] }
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
