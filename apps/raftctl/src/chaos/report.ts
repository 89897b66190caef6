import type { View } from '../output/render.ts'
import { injected } from './picture.ts'

/** What came of an experiment; also what `--output json` prints. */
export type ChaosReport = {
  readonly passed: boolean
  /** One sentence for each thing that is not as it must be; none if it passed. */
  readonly problems: readonly string[]
  readonly seed: number
  readonly seconds: number
  readonly nodes: number
  readonly clients: number
  readonly injected: Readonly<Record<string, number>>
  /** So many faults were in force at once at the worst moment. */
  readonly overlapping: number
  readonly operations: {
    readonly done: number
    readonly reads: number
    readonly unknown: number
    readonly refused: number
    /** Done a second, on average. */
    readonly rate: number
    /** Under this an experiment proves nothing. */
    readonly rateMin: number
  }
  readonly linearizable: 'linearizable' | 'not linearizable' | 'undecided'
  /** Why it is not: to be read aloud. */
  readonly explanation: readonly string[]
  /** Keys that every node holds alike in the end. */
  readonly keys: number
  /** How long the cluster took, once nothing was broken any more, until every node served again. */
  readonly recoveredMs: number
  /** Where the history is, as `npm run lin` reads it; null if it was not kept. */
  readonly history: string | null
}

export const chaosView: View<ChaosReport> = {
  table: report => {
    const { operations, seconds, nodes, clients, seed } = report
    return [
      `${seconds.toFixed(0)} s, ${nodes} nodes, ${clients} clients, seed ${seed}`,
      injected({ injected: report.injected, overlapping: report.overlapping }),
      `operations: ${operations.done} done (${operations.reads} reads), ${operations.unknown} of unknown outcome, ${operations.refused} refused; ` +
        `${operations.rate.toFixed(0)} a second, at least ${operations.rateMin} wanted`,
      `all healed: every node served again after ${(report.recoveredMs / 1_000).toFixed(1)} s, and all hold the same ${report.keys} keys`,
      `history: ${report.linearizable}${report.history === null ? '' : `, kept in ${report.history}`}`,
      ...report.explanation.map(line => `  ${line}`),
      ...report.problems.map(problem => `PROBLEM: ${problem}`),
      report.passed ? 'passed' : 'failed',
    ].join('\n')
  },
}
