import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

export type Load = {
  /** So many requests are under way at a time. */
  readonly clients: number
  readonly durationMs: number
  /** Requests a second, begun on time whether or not earlier ones are answered; without it as fast as they are. */
  readonly rate?: number | undefined
  /** The nth request. */
  readonly request: (n: number) => Promise<void>
  readonly signal: AbortSignal
}

export type Measured = {
  readonly requests: number
  readonly failed: number
  /** Why the first of those failed. */
  readonly firstError: string | null
  readonly seconds: number
  readonly perSecond: number
  /** Milliseconds. With a rate they count from when the request was due: who has to wait for others is not left out. */
  readonly latencyMs: Latencies
}

type Latencies = Readonly<Record<'mean' | 'stddev' | 'p50' | 'p90' | 'p99' | 'p999' | 'max', number>>

export async function measure(load: Load): Promise<Measured> {
  const histogram = createHistogram()
  const begin = performance.now()
  const counts = { begun: 0, done: 0, failed: 0, firstError: null as string | null }
  const one = async (): Promise<void> => {
    for (;;) {
      const n = counts.begun++
      const due = load.rate === undefined ? performance.now() : begin + (n * 1_000) / load.rate
      if (load.signal.aborted || due - begin >= load.durationMs) return
      const wait = due - performance.now()
      if (wait > 0) await sleep(wait)
      try {
        await load.request(n)
        counts.done++
        // In microseconds: a histogram counts whole numbers.
        histogram.record(Math.max(1, Math.round((performance.now() - due) * 1_000)))
      } catch (error) {
        counts.failed++
        counts.firstError ??= error instanceof Error ? error.message : String(error)
        await sleep(10) // a cluster that refuses is not to be run down
      }
    }
  }
  await Promise.all(Array.from({ length: load.clients }, one))
  const seconds = (performance.now() - begin) / 1_000
  const { done, failed, firstError } = counts
  return {
    requests: done,
    failed,
    firstError,
    seconds: round(seconds, 2),
    perSecond: round(done / seconds, 1),
    latencyMs: latenciesOf(histogram, done),
  }
}

function latenciesOf(histogram: RecordableHistogram, count: number): Latencies {
  const ms = (micros: number) => (count === 0 ? 0 : round(micros / 1_000, 2))
  return {
    mean: ms(histogram.mean),
    stddev: ms(histogram.stddev),
    p50: ms(histogram.percentile(50)),
    p90: ms(histogram.percentile(90)),
    p99: ms(histogram.percentile(99)),
    p999: ms(histogram.percentile(99.9)),
    max: ms(histogram.max),
  }
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))
