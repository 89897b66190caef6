import type { Managed } from '../process/managed.ts'
import type { Shares, Watched } from '../process/watch.ts'
import { Watch } from '../process/watch.ts'

/** What clients do to a key-value server. */
export type Load = {
  /** `http://host:port` */
  readonly url: string
  readonly kind: 'put' | 'get'
  /** The workshop's (`POST /key`, `GET /key/K`) or etcd's JSON gateway. Default the workshop's. */
  readonly api?: 'workshop' | 'etcd'
  /** Put after the path of a read: `?consistency=stale`. */
  readonly query?: string
  readonly connections: number
  readonly seconds: number
  /** How many different keys. */
  readonly keys?: number
  readonly valueBytes?: number
}

export const defaultKeys = 5_000
export const defaultValueBytes = 256

/** In milliseconds. */
export type Latency = { readonly p50: number; readonly p90: number; readonly p99: number; readonly p999: number; readonly max: number }

export type LoadResult = {
  readonly perSecond: number
  readonly latency: Latency
  /** Everything that was not answered with success. */
  readonly errors: number
}

export type Measured = LoadResult & Shares

/** Something that makes load, in a process of its own. */
export type Generator = {
  readonly name: string
  start(load: Load): Managed
  read(output: string): LoadResult
}

/** One run. Rejects when the generator fails; requests that fail are counted. */
export function measure(generator: Generator, load: Load, servers: readonly Watched[]): Promise<Measured> {
  return measureTogether(generator, [load], servers)
}

/** Several loads at once: rates and errors are added up, percentiles are the worst of them. */
export async function measureTogether(generator: Generator, loads: readonly Load[], servers: readonly Watched[]): Promise<Measured> {
  const watch = new Watch(servers)
  const processes = loads.map(load => generator.start(load))
  for (const { pid } of processes) watch.add({ name: 'load', pid }, { fresh: true })
  await Promise.all(processes.map(({ ended }) => ended))
  const shares = watch.end()
  const results = processes.map(process => resultOf(generator, process))
  const worst = (pick: (latency: Latency) => number): number => Math.max(...results.map(({ latency }) => pick(latency)))
  return {
    perSecond: results.reduce((sum, { perSecond }) => sum + perSecond, 0),
    errors: results.reduce((sum, { errors }) => sum + errors, 0),
    latency: { p50: worst(l => l.p50), p90: worst(l => l.p90), p99: worst(l => l.p99), p999: worst(l => l.p999), max: worst(l => l.max) },
    ...shares,
  }
}

function resultOf(generator: Generator, process: Managed): LoadResult {
  try {
    return generator.read(process.output)
  } catch {
    throw new Error(`${generator.name} failed: ${process.lastWords || 'it said nothing'}`)
  }
}
