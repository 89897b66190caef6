import type { RunResult } from './core-simulation.ts'
import { Coverage } from './coverage.ts'
import type { Simpler } from './simpler.ts'

/** One run of one seed. With `print`, the same run is told line by line. */
export type RunSeed = (seed: number, print?: (line: string) => void, simpler?: Simpler) => RunResult | Promise<RunResult>

export type BatchResult = {
  readonly firstSeed: number
  readonly seeds: number
  /** Run twice, to see that the same seed does the same. */
  readonly repeated: number
  readonly events: number
  /** In the run that had the fewest. */
  readonly fewestEvents: number
  readonly simulatedMs: number
  readonly wallMs: number
  /** Of the runs of five nodes alone: what they simulated, and how long one process took for it. */
  readonly five: { readonly simulatedMs: number; readonly wallMs: number }
  readonly coverage: Coverage
  readonly violations: number
}

export type BatchOptions = {
  readonly firstSeed: number
  /** Stops after the first seed for which this is true. */
  readonly isEnough: (seeds: number) => boolean
  readonly run: RunSeed
  /** Every seed is run twice, not only some. */
  readonly twice: boolean
  /** How many seeds may run beside each other. Default 1. */
  readonly lanes?: number
  /** Monotonic milliseconds, for the report only. */
  readonly nowMs: () => number
  readonly onResult: (result: RunResult, soFar: BatchResult) => void
  readonly onViolation: (result: RunResult) => void | Promise<void>
}

/** A batch ends early once so many runs have failed: more of them say no more. */
const maxViolations = 10

/** Runs one seed after the other, or several beside each other. */
export async function runBatch(options: BatchOptions): Promise<BatchResult> {
  const { firstSeed, isEnough, run, twice, lanes = 1, nowMs, onResult, onViolation } = options
  const startedAt = nowMs()
  const coverage = new Coverage()
  let begun = 0
  let seeds = 0
  let repeated = 0
  let events = 0
  let fewestEvents = Infinity
  let simulatedMs = 0
  let violations = 0
  const five = { simulatedMs: 0, wallMs: 0 }
  const soFar = () => {
    const wallMs = nowMs() - startedAt
    return { firstSeed, seeds, repeated, events, fewestEvents, simulatedMs, wallMs, five: { ...five }, coverage, violations }
  }
  const count = (result: RunResult, wallMs: number) => {
    seeds++
    events += result.events
    fewestEvents = Math.min(fewestEvents, result.events)
    simulatedMs += result.simulatedMs
    coverage.add(result.coverage)
    if (result.nodes !== 5) return
    five.simulatedMs += result.simulatedMs
    five.wallMs += wallMs
  }
  const isOver = () => isEnough(begun) || violations >= maxViolations
  const runOne = async () => {
    const seed = firstSeed + begun++
    const repeats = twice || isRepeated(begun)
    const began = nowMs()
    let result = await run(seed)
    count(result, nowMs() - began)
    if (repeats) {
      repeated++
      result = sameTwice(result, await run(seed))
    }
    if (result.failure !== undefined) {
      violations++
      await onViolation(result)
    }
    onResult(result, soFar())
  }
  const lane = async () => {
    do await runOne()
    while (!isOver())
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return soFar()
}

/** The first few and then every sixteenth: chance that does not come from the seed shows quickly. */
function isRepeated(seeds: number): boolean {
  return seeds <= 3 || seeds % 16 === 0
}

/** The first of two runs of one seed; a failure if the other did something else. */
export function sameTwice(first: RunResult, second: RunResult): RunResult {
  if (first.failure !== undefined || first.hash === second.hash) return first
  const message = `the same seed gave trace hash ${first.hash}, then ${second.hash}`
  return { ...first, failure: { step: Math.min(first.events, second.events), invariant: 'determinism', message } }
}
