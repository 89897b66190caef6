import type { NodeId } from 'raft-core'
import type { Bounds } from './bounds.ts'
import type { Renaming } from './canonical.ts'

export function nodeIds({ voters, others }: Pick<Bounds, 'voters' | 'others'>): NodeId[] {
  return Array.from({ length: voters + others }, (_, i) => `n${i + 1}`)
}

/** Every way to rename the nodes that leaves founders founders; the first one changes nothing. */
export function renamings(bounds: Pick<Bounds, 'voters' | 'others'>, symmetric: boolean): Renaming[] {
  const ids = nodeIds(bounds)
  const founders = ids.slice(0, bounds.voters)
  const firstSessions = new Map(founders.map((id, i) => [id, i + 1]))
  const orders = symmetric
    ? permutations(founders).flatMap(first => permutations(ids.slice(bounds.voters)).map(rest => [...first, ...rest]))
    : [ids]
  return orders.map(order => ({ names: new Map(ids.map((id, i) => [id, order[i]!])), firstSessions }))
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map(rest => [item, ...rest]))
}
