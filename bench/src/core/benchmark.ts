import type { Benchmark, Outcome, Settings } from '../benchmark.ts'
import { decimals, whole } from '../format.ts'
import { busySeconds } from '../machine.ts'
import type { Progress } from '../progress.ts'
import { Etcd } from './etcd.ts'
import { type Load, loads } from './loads.ts'
import { Ours, rendition } from './ours.ts'
import { type LoadResult, type Measured, type Pair, reportOf } from './report.ts'
import type { LoadSample } from './sample.ts'

type Lengths = { readonly pairs: number; readonly warmUp: number; readonly seconds: number; readonly operationSeconds: number }
const full: Lengths = { pairs: 3, warmUp: 1, seconds: 2, operationSeconds: 1 }
const quick: Lengths = { pairs: 1, warmUp: 1, seconds: 1, operationSeconds: 0.5 }

export const core: Benchmark = {
  about: "raft-core by itself: three nodes in one thread, in memory, against etcd's",
  run: measure,
}

async function measure(settings: Settings): Promise<Outcome> {
  const { progress } = settings
  const lengths = settings.quick ? quick : full
  const ours = new Ours(rendition())
  const etcd = await peer(progress)
  const results: LoadResult[] = []
  for (const load of loads) results.push({ load, pairs: await measurePairs(load, ours, etcd, lengths, progress) })
  progress.now('heap: ten million entries')
  const heap = await ours.heap(10)
  progress.now('single operations')
  const operations = await ours.operations(lengths.operationSeconds)
  const etcdAbout = etcd instanceof Etcd ? { go: etcd.go } : { absent: etcd }
  const data = { rendition: ours.rendition, ...lengths, etcd: etcdAbout, loads: results, heap, operations }
  return { text: reportOf(data), data }
}

/** Or the reason why there is none. */
async function peer(progress: Progress): Promise<Etcd | string> {
  progress.now("building etcd's core")
  try {
    return await Etcd.build()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Ours, theirs, ours, theirs: what slows the machine for a while slows both. */
async function measurePairs(load: Load, ours: Ours, etcd: Etcd | string, lengths: Lengths, progress: Progress): Promise<Pair[]> {
  const { warmUp, seconds } = lengths
  const pairs: Pair[] = []
  for (let at = 1; at <= lengths.pairs; at++) {
    const where = `${load.title}: ${at}/${lengths.pairs}`
    progress.now(`${where} ours`)
    let pair: Pair = { ours: await watched(() => ours.load(load.name, warmUp, seconds)) }
    if (etcd instanceof Etcd) {
      progress.now(`${where} etcd`)
      pair = { ...pair, etcd: await watched(() => etcd.load(load, 1, warmUp, seconds)) }
      pair = { ...pair, etcdOnTwo: await watched(() => etcd.load(load, 2, warmUp, seconds)) }
    }
    pairs.push(pair)
    progress.done(`${where}  ${describe(pair)}`)
  }
  return pairs
}

/** With what others took of the machine meanwhile. */
async function watched(sample: () => Promise<LoadSample>): Promise<Measured> {
  const busy = busySeconds()
  const started = performance.now()
  const result = await sample()
  const seconds = (performance.now() - started) / 1000
  return { ...result, foreignCores: Math.max(0, (busySeconds() - busy - result.cpuSecondsInAll) / seconds) }
}

function describe({ ours, etcd }: Pair): string {
  if (etcd === undefined) return `${whole(ours.rate)}/s`
  return `ours ${whole(ours.rate)}/s, etcd ${whole(etcd.rate)}/s, ratio ${decimals(2)(ours.rate / etcd.rate)}`
}
