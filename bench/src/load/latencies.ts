import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Latency } from './load.ts'

/** Milliseconds go in, percentiles come out: three significant digits from a microsecond to a minute. */
export class Latencies {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 })

  record(ms: number): void {
    this.#histogram.record(Math.min(60_000_000, Math.max(1, Math.round(ms * 1000))))
  }

  get count(): number {
    return this.#histogram.count
  }

  summary(): Latency {
    if (this.count === 0) return { p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }
    const at = (percent: number): number => this.#histogram.percentile(percent) / 1000
    return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: this.#histogram.max / 1000 }
  }
}
