import { decimals, formatSpread, table, whole } from '../format.ts'
import { ratiosOf, type Spread, spreadOf } from '../statistics.ts'
import type { HeapFigure } from './heap.ts'
import type { Load } from './loads.ts'
import type { Operation } from './operations.ts'
import type { Rendition } from './ours.ts'
import type { LoadSample } from './sample.ts'

/** `foreignCores`: what everybody else kept busy of the machine meanwhile. */
export type Measured = LoadSample & { readonly foreignCores: number }
/** `etcd` with GOMAXPROCS=1, `etcdOnTwo` with 2. */
export type Pair = { readonly ours: Measured; readonly etcd?: Measured; readonly etcdOnTwo?: Measured }
export type LoadResult = { readonly load: Load; readonly pairs: readonly Pair[] }

export type CoreResult = {
  readonly rendition: Rendition
  readonly warmUp: number
  readonly seconds: number
  readonly etcd: { readonly go: string } | { readonly absent: string }
  readonly loads: readonly LoadResult[]
  readonly heap: readonly HeapFigure[]
  readonly operations: readonly Operation[]
}

const goals = { ratio: 1, growth: 5 }
const ratio = decimals(2)
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

export function reportOf(result: CoreResult): string {
  const parts = [method(result), rates(result), processors(result), heap(result.heap), operations(result.operations)]
  return parts.filter(part => part !== '').join('\n\n')
}

function method({ rendition, warmUp, seconds, etcd, loads }: CoreResult): string {
  const made =
    rendition === 'dist' ? 'as built (packages/raft-core/dist)' : 'from its sources, since dist is missing or older (npm run build)'
  const lines = [
    `raft-core ${made}. 256-byte entries, followers apply too, logs compacted to 10,000 entries.`,
    `Each sample is a process of its own: ${warmUp} s to warm up, then ${seconds} s.`,
  ]
  if ('absent' in etcd) lines.push(`etcd's core was not measured: ${etcd.absent}.`)
  else {
    lines.push(`etcd's RawNode (go.etcd.io/raft/v3 v3.6.0, ${etcd.go}) alternates with it, ${loads[0]?.pairs.length} times for each load.`)
  }
  return lines.join('\n')
}

function rates({ loads, etcd }: CoreResult): string {
  const measured = 'go' in etcd
  const head = ['entries committed a second, median (min–max)', 'raft-core']
  if (measured) head.push('etcd, GOMAXPROCS=1', `ratio, goal ${goals.ratio.toFixed(1)}`, '', 'etcd, GOMAXPROCS=2', 'ratio')
  return table([head, ...loads.map(result => rateRow(result, measured))])
}

function rateRow({ load, pairs }: LoadResult, measured: boolean): string[] {
  const ours = pairs.map(pair => pair.ours.rate)
  const row = [load.title, formatSpread(spreadOf(ours), whole)]
  if (!measured) return row
  for (const name of ['etcd', 'etcdOnTwo'] as const) {
    const theirs = pairs.map(pair => pair[name]!.rate)
    const ratios = spreadOf(ratiosOf(ours, theirs))
    row.push(formatSpread(spreadOf(theirs), whole), formatSpread(ratios, ratio))
    if (name === 'etcd') row.push(verdict(ratios.median >= goals.ratio))
  }
  return row
}

/** V8 collects garbage beside the program, and so does Go with two processors: neither figure says what it took without this one. */
function processors({ loads, etcd }: CoreResult): string {
  const measured = 'go' in etcd
  const head = [
    'cores in use, median (min–max)',
    'raft-core',
    ...(measured ? ['etcd, GOMAXPROCS=1', 'etcd, GOMAXPROCS=2'] : []),
    'all others',
  ]
  return table([head, ...loads.map(({ load, pairs }) => [load.title, ...processorCells(pairs, measured)])])
}

function processorCells(pairs: readonly Pair[], measured: boolean): string[] {
  const inUse = (samples: readonly Measured[]): Spread => spreadOf(samples.map(({ cpuSeconds, seconds }) => cpuSeconds / seconds))
  const ours = pairs.map(pair => pair.ours)
  const etcd = measured ? pairs.map(pair => pair.etcd!) : []
  const etcdOnTwo = measured ? pairs.map(pair => pair.etcdOnTwo!) : []
  const columns = [ours, etcd, etcdOnTwo].filter(({ length }) => length > 0).map(inUse)
  const foreign = spreadOf([...ours, ...etcd, ...etcdOnTwo].map(({ foreignCores }) => foreignCores))
  return [...columns, foreign].map(spread => formatSpread(spread, ratio))
}

function heap(figures: readonly HeapFigure[]): string {
  const first = figures[1]
  const last = figures.at(-1)
  if (first === undefined || last === undefined) return ''
  const all = ({ heap, buffers }: HeapFigure): number => heap + buffers
  const growth = (all(last) - all(first)) / 1e6
  const at = (figure: HeapFigure): string => `${megabytes(all(figure))} at ${figure.entries / 1e6} million entries`
  const sum = `${growth < 0 ? '' : '+'}${growth.toFixed(1)} MB (goal: at most +${goals.growth} MB, ${verdict(growth <= goals.growth)})`
  return `Heap and buffers after a forced collection, with compaction: ${at(first)}, ${at(last)}: ${sum}.`
}

function operations(figures: readonly Operation[]): string {
  const micros = decimals(2)
  const rows = figures.map(({ title, median, p99, samples }) => [title, micros(median), micros(p99), whole(samples)])
  return table([['one at a time, µs', 'median', 'p99', 'samples'], ...rows])
}

function verdict(met: boolean): string {
  return met ? 'met' : 'missed'
}
