import type { Bounds } from './bounds.ts'
import { noFaults } from './bounds.ts'

/** What a search found when it was last looked at: a change of the core that changes these numbers must be able to say why. */
type Golden = {
  /** Undefined where the search was never exhausted: then `distinct` counts to this depth. */
  readonly generated: number | undefined
  readonly distinct: number
  readonly depth: number
}

export type Rung = {
  readonly name: string
  readonly bounds: Bounds
  readonly golden: Golden
  /** Only with `--full`. */
  readonly full?: true
}

const rung = (name: string, bounds: Partial<Bounds>, generated: number, distinct: number, depth: number): Rung => ({
  name,
  bounds: { ...noFaults, ...bounds },
  golden: { generated, distinct, depth },
})

/** Not exhausted so far: how many states there are to a depth. */
const open = (name: string, bounds: Partial<Bounds>, distinct: number, depth: number): Rung => ({
  name,
  bounds: { ...noFaults, ...bounds },
  golden: { generated: undefined, distinct, depth },
  full: true,
})

/** Each asks for something that those before it left out. */
export const ladder: readonly Rung[] = [
  rung('elections', { terms: 3 }, 2_684_339, 483_456, 34),
  rung('replication', { terms: 2, entries: 1 }, 1_759_363, 337_415, 31),
  rung('duplicates', { terms: 2, duplicates: 1 }, 834_429, 149_318, 25),
  rung('heartbeats', { terms: 2, heartbeats: 1 }, 2_598_429, 441_129, 31),
  rung('slow-disks', { terms: 2, crashes: 1, disk: 'slow' }, 6_391_525, 1_356_756, 37),
  rung('pre-vote', { terms: 2, preVote: true, timeouts: 2 }, 1_567_533, 253_858, 29),
  rung('removal', { terms: 2, changes: 1 }, 9_020_649, 1_402_638, 33),
  rung('crashes', { terms: 2, entries: 1, crashes: 1 }, 18_726_257, 3_381_392, 32),
  rung('addition', { voters: 2, others: 1, terms: 2, entries: 1, changes: 1 }, 11_146_371, 1_810_412, 43),
  open('two-entries', { terms: 2, entries: 2 }, 442_140, 17),
  open('everything', { terms: 2, entries: 2, crashes: 1, changes: 1 }, 1_070_972, 13),
  open('everything-slow', { terms: 2, entries: 2, crashes: 1, changes: 1, disk: 'slow' }, 144_763, 13),
]
