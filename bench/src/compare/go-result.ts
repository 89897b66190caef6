import type { LoadResult } from '../load/load.ts'

/** What the programs in `bench/peers` print of a load. */
export function readGoResult(json: string): LoadResult {
  const { ops_s, p50_ms, p90_ms, p99_ms, p999_ms, max_ms, errs } = JSON.parse(json) as Record<string, number>
  const of = (value: number | undefined): number => value ?? 0
  const latency = { p50: of(p50_ms), p90: of(p90_ms), p99: of(p99_ms), p999: of(p999_ms), max: of(max_ms) }
  return { perSecond: of(ops_s), errors: of(errs), latency }
}
