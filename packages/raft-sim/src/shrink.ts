import type { RunSeed } from './batch.ts'
import type { RunResult } from './core-simulation.ts'
import { reductions } from './reductions.ts'
import type { Simpler } from './simpler.ts'

/** So many runs may be spent on making one failure simpler. */
const maxRuns = 40

/** The simplest way found to break the same invariant with the same seed, and what came of it. */
export type Shrunk = { readonly simpler: Simpler; readonly result: RunResult }

/** Leaves out faults, then events, for as long as the same invariant breaks. Deterministic: the same failure shrinks to the same run. */
export async function shrink(failed: RunResult, run: RunSeed): Promise<Shrunk> {
  let best: Shrunk = { simpler: { without: [] }, result: failed }
  let runs = 0
  const breaksToo = async (simpler: Simpler): Promise<boolean> => {
    if (runs++ >= maxRuns) return false
    const result = await run(failed.seed, undefined, simpler)
    if (result.failure === undefined || result.failure.invariant !== failed.failure?.invariant) return false
    best = { simpler, result }
    return true
  }

  const steps = reductions(failed.faults)
  let step = steps.next()
  while (step.done !== true) {
    const kept = step.value
    step = steps.next(await breaksToo({ without: failed.faults.filter(name => !kept.includes(name)) }))
  }
  const { without } = best.simpler
  let events = best.result.failure?.step ?? 0
  for (let less = events >> 1; less > 0; less >>= 1) {
    while (events - less > 0 && (await breaksToo({ without, events: events - less }))) events -= less
  }
  return best
}
