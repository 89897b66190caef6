import type { RunSeed } from './batch.ts'
import type { RunResult } from './core-simulation.ts'
import { Coverage } from './coverage.ts'
import type { Simpler } from './simpler.ts'

/** A result on its way from one process to another. */
type Sent = Omit<RunResult, 'coverage'> & { readonly coverage: ReturnType<Coverage['counts']> }

export type Order = { readonly seed: number; readonly isTold: boolean; readonly simpler?: Simpler }
/** What a worker tells: first that it runs, then a result for every seed that it was given, with how it came to that if it was asked. */
export type Report = { readonly type: 'ready' } | { readonly type: 'ran'; readonly result: Sent; readonly lines: readonly string[] }

/** Nobody reads more of what came before a failure. */
const linesKept = 2_000

/** Runs the seeds that the process which started this one asks for, one after the other, until it is gone. */
export function serveSeeds(run: RunSeed): void {
  const tell = (report: Report) => process.send?.(report)
  process.on('message', async ({ seed, isTold, simpler }: Order) => {
    const lines: string[] = []
    const print = (line: string) => {
      if (lines.push(line) >= 2 * linesKept) lines.splice(0, linesKept)
    }
    const { coverage, ...rest } = await run(seed, isTold ? print : undefined, simpler)
    tell({ type: 'ran', result: { ...rest, coverage: coverage.counts() }, lines })
  })
  process.on('disconnect', () => process.exit(0))
  tell({ type: 'ready' })
}

export function received({ coverage, ...rest }: Sent): RunResult {
  return { ...rest, coverage: Coverage.of(coverage) }
}
