import { OrderedMap } from './ordered-map.ts'
import type { Stored } from './stored.ts'

/** The keys of a restore that is not finished. */
export type Staged = {
  /** The revision at which it began. */
  readonly id: number
  readonly items: OrderedMap<Stored>
  /** In log time; -1 until one is recorded after its last keys came. */
  readonly deadline: number
}

/** A restore of which nothing was heard for so long is broken off: its keys would be in the memory and the snapshots of every node for ever. */
export const restoreIdleMs = 60_000

export function beginRestore(id: number): Staged {
  return { id, items: OrderedMap.empty(), deadline: -1 }
}

/** What is left of it at this log time. */
export function stagedAt(now: number, staged: Staged | undefined): Staged | undefined {
  if (staged === undefined) return undefined
  if (staged.deadline < 0) return { ...staged, deadline: now + restoreIdleMs }
  return staged.deadline <= now ? undefined : staged
}
