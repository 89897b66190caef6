import type { Managed } from '../process/managed.ts'
import type { Shares, Watched } from '../process/watch.ts'
import { Watch } from '../process/watch.ts'

/** What clients do to a key-value server of the workshop's API (`POST /key`, `GET /key/K`). */
export type Load = {
  /** `http://host:port` */
  readonly url: string
  readonly kind: 'put' | 'get'
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
export async function measure(generator: Generator, load: Load, servers: readonly Watched[]): Promise<Measured> {
  const watch = new Watch(servers)
  const process = generator.start(load)
  watch.add({ name: 'load', pid: process.pid }, { fresh: true })
  await process.ended
  const shares = watch.end()
  try {
    return { ...generator.read(process.output), ...shares }
  } catch {
    throw new Error(`${generator.name} failed: ${process.lastWords || 'it said nothing'}`)
  }
}

export function keyName(at: number): string {
  return `key${String(at).padStart(8, '0')}`
}
