import { decimals, whole } from './format.ts'
import type { Measured } from './load/load.ts'

/** What can be measured: how it is called, how it is written, and which way is better. */
export const metrics = {
  perSecond: { title: 'per second', better: 'more', format: whole },
  p50: { title: 'p50 ms', better: 'less', format: decimals(2) },
  p90: { title: 'p90 ms', better: 'less', format: decimals(2) },
  p99: { title: 'p99 ms', better: 'less', format: decimals(2) },
  p999: { title: 'p99.9 ms', better: 'less', format: decimals(2) },
  max: { title: 'most ms', better: 'less', format: decimals(1) },
  errors: { title: 'errors', better: 'less', format: whole },
  gapMs: { title: 'gap ms', better: 'less', format: whole },
  seconds: { title: 'seconds', better: 'less', format: decimals(2) },
  memoryMB: { title: 'memory MB', better: 'less', format: whole },
  diskMB: { title: 'disk MB', better: 'less', format: whole },
} as const satisfies Readonly<
  Record<string, { readonly title: string; readonly better: 'more' | 'less'; readonly format: (value: number) => string }>
>

export type Metric = keyof typeof metrics

/** One line of a report: what was measured, under which circumstances, and every sample. */
export type Figure = {
  /** Unique in its benchmark: by it two reports are compared. */
  readonly name: string
  /** Its line in a plot. */
  readonly series: string
  /** Where on the line: connections, nodes, bytes, requests a second. */
  readonly at: number
  readonly samples: Readonly<Partial<Record<Metric, readonly number[]>>>
  /** Cores in use by each kind of process, one sample a run. */
  readonly cores: Readonly<Record<string, readonly number[]>>
  readonly foreignCores: readonly number[]
}

/** Lines of one metric over `at`; both axes are logarithmic. */
export type Plot = { readonly title: string; readonly x: string; readonly y: Metric; readonly figures: readonly Figure[] }

export type Place = Pick<Figure, 'name' | 'series' | 'at'>

/** Several runs of one load as one figure. */
export function figureOf(place: Place, runs: readonly Measured[]): Figure {
  const of = (pick: (run: Measured) => number): number[] => runs.map(pick)
  return {
    ...place,
    samples: {
      perSecond: of(run => run.perSecond),
      p50: of(run => run.latency.p50),
      p90: of(run => run.latency.p90),
      p99: of(run => run.latency.p99),
      p999: of(run => run.latency.p999),
      errors: of(run => run.errors),
    },
    ...sharesOf(runs),
  }
}

export function sharesOf(runs: readonly Pick<Measured, 'cores' | 'foreignCores'>[]): Pick<Figure, 'cores' | 'foreignCores'> {
  const names = [...new Set(runs.flatMap(run => Object.keys(run.cores)))]
  return {
    cores: Object.fromEntries(names.map(name => [name, runs.map(run => run.cores[name] ?? 0)])),
    foreignCores: runs.map(run => run.foreignCores),
  }
}
