import { decimals, formatSpread, table, whole } from '../format.ts'
import { ratiosOf, spreadOf } from '../statistics.ts'
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
const digits = decimals(2)
/** With more than this many cores busy elsewhere, a rate says more about the neighbours. */
const quiet = 0.25
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

export function reportOf(result: CoreResult): string {
  const parts = [method(result), rates(result), others(result), heap(result.heap), operations(result.operations)]
  return parts.filter(part => part !== '').join('\n\n')
}

function method({ rendition, warmUp, seconds, etcd, loads }: CoreResult): string {
  const made =
    rendition === 'dist' ? 'as built (packages/raft-core/dist)' : 'from its sources, since dist is missing or older (npm run build)'
  const lines = [
    `raft-core ${made}. 256-byte entries, followers apply too, logs compacted to 10,000 entries.`,
    `Each sample is a process of its own: ${warmUp} s of CPU time to warm up, then ${seconds} s.`,
  ]
  if ('absent' in etcd) lines.push(`etcd's core was not measured: ${etcd.absent}.`)
  else {
    lines.push(`etcd's RawNode (go.etcd.io/raft/v3 v3.6.0, ${etcd.go}) alternates with it, ${loads[0]?.pairs.length} times for each load.`)
  }
  return lines.join('\n')
}

/** For each load ours, and theirs with one processor and with two. */
function rates({ loads, etcd }: CoreResult): string {
  const head = ['median (min–max)', 'committed a second', 'cores in use']
  if ('go' in etcd) head.push('ours / theirs', 'goal 1.0', 'the same per CPU second')
  return table([head, ...loads.flatMap(loadRows)])
}

function loadRows({ load, pairs }: LoadResult): string[][] {
  const ours = pairs.map(pair => pair.ours)
  const rows = [[load.title], ['  raft-core', ...ownCells(ours)]]
  const etcd = pairs.flatMap(pair => pair.etcd ?? [])
  if (etcd.length === 0) return rows
  const etcdOnTwo = pairs.flatMap(pair => pair.etcdOnTwo ?? [])
  const ratios = spreadOf(ratiosOf(ours.map(rate), etcd.map(rate)))
  rows.push([
    '  etcd, GOMAXPROCS=1',
    ...ownCells(etcd),
    formatSpread(ratios, digits),
    verdict(ratios.median >= goals.ratio),
    perCpu(ours, etcd),
  ])
  const ratiosOnTwo = spreadOf(ratiosOf(ours.map(rate), etcdOnTwo.map(rate)))
  rows.push(['  etcd, GOMAXPROCS=2', ...ownCells(etcdOnTwo), formatSpread(ratiosOnTwo, digits), '', perCpu(ours, etcdOnTwo)])
  return rows
}

function ownCells(samples: readonly Measured[]): string[] {
  const cores = spreadOf(samples.map(({ cpuSeconds, seconds }) => cpuSeconds / seconds))
  return [formatSpread(spreadOf(samples.map(rate)), whole), formatSpread(cores, digits)]
}

/** Counts the threads in which V8 and Go collect garbage, and not the time in which others had the processor. */
function perCpu(ours: readonly Measured[], theirs: readonly Measured[]): string {
  const rateOf = ({ committed, cpuSeconds }: Measured): number => committed / cpuSeconds
  return formatSpread(spreadOf(ratiosOf(ours.map(rateOf), theirs.map(rateOf))), digits)
}

function rate(sample: Measured): number {
  return sample.rate
}

function others({ loads }: CoreResult): string {
  const samples = loads.flatMap(({ pairs }) => pairs.flatMap(({ ours, etcd, etcdOnTwo }) => [ours, etcd ?? [], etcdOnTwo ?? []].flat()))
  const cores = spreadOf(samples.map(({ foreignCores }) => foreignCores))
  const line = `Others kept ${formatSpread(cores, digits)} cores busy meanwhile`
  return cores.median <= quiet ? `${line}.` : `${line}: only what is per CPU second holds.`
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
