import { sameTwice } from './batch.ts'
import type { RunResult } from './core-simulation.ts'
import { Coverage } from './coverage.ts'
import type { Application } from './node/application.ts'
import { simulateNode } from './node/node-simulation.ts'
import { explainViolation } from './report.ts'
import type { Simpler } from './simpler.ts'

export type Proving<Result> = {
  readonly application: Application<Result>
  /** How many runs. Default 20. */
  readonly seeds?: number
  /** The first of them; the others follow. Default 1. */
  readonly firstSeed?: number
  /** Events under faults in each run. Default 10,000. */
  readonly events?: number
}

export type Proof = {
  /** How many seeds were run; it ends with the first that fails. */
  readonly seeds: number
  /** What was met on the way, and how often. */
  readonly coverage: Coverage
  /** Which invariant broke with which seed; undefined: none. */
  readonly failure: { readonly seed: number; readonly invariant: string; readonly message: string } | undefined
  /** All that is known of the failure: the last events of the simplest run that fails the same way, and what repeats it. Empty without one. */
  readonly explanation: string
}

/**
 * Simulates clusters of production nodes that replicate this application, seed after seed, each of them twice: with faults, all invariants,
 * and both oracles for what clients saw. The first failure is explained.
 */
export async function prove<Result>({ application, seeds = 20, firstSeed = 1, events }: Proving<Result>): Promise<Proof> {
  const coverage = new Coverage()
  const run = (seed: number, print?: (line: string) => void, simpler?: Simpler): Promise<RunResult> =>
    simulateNode({ seed, application, events, ...simpler, ...(print && { print }) })
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const first = await run(seed)
    coverage.add(first.coverage)
    const result = first.failure === undefined ? sameTwice(first, await run(seed)) : first
    if (result.failure === undefined) continue
    const { invariant, message } = result.failure
    const shrinks = invariant !== 'determinism'
    const explanation = await explainViolation(result, {
      run,
      command: 'simulateNode:',
      revision: undefined,
      shrinks,
      simpler: { without: [] },
    })
    return { seeds: seed - firstSeed + 1, coverage, failure: { seed, invariant, message }, explanation }
  }
  return { seeds, coverage, failure: undefined, explanation: '' }
}
