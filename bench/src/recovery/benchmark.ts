import { setTimeout as sleep } from 'node:timers/promises'
import type { Benchmark, Outcome, Settings } from '../benchmark.ts'
import { KvCluster, type KvNode } from '../cluster/kv-cluster.ts'
import { type Figure, type Metric, sharesOf } from '../figure.ts'
import { decimals, whole } from '../format.ts'
import { until } from '../process/until.ts'
import { usageOf } from '../process/usage.ts'
import { type Shares, Watch } from '../process/watch.ts'
import type { Progress } from '../progress.ts'
import { figuresTable } from '../report/figures-table.ts'
import { catchUpFigure, catchUpOnce } from './catch-up.ts'
import { Filler } from './fill.ts'
import { largeState } from './large-state.ts'
import { snapshotPause } from './snapshot-pause.ts'

type Plan = {
  readonly writes: number
  readonly keys: number
  readonly missed: number
  readonly snapshotKeys: number
  readonly rounds: number
  readonly stateMB: number
  /** The filling ends then, and the report says how far it came. */
  readonly fillSecondsAtMost: number
  /** Then memory is looked at once more: V8 collects what a load has left behind once it has been over for some time. 0: not. */
  readonly restSeconds: number
}
const full: Plan = {
  writes: 1_000_000,
  keys: 100_000,
  missed: 100_000,
  snapshotKeys: 1_000_000,
  rounds: 3,
  stateMB: 200,
  fillSecondsAtMost: 150,
  restSeconds: 60,
}
const quick: Plan = {
  writes: 10_000,
  keys: 1_000,
  missed: 2_000,
  snapshotKeys: 20_000,
  rounds: 1,
  stateMB: 10,
  fillSecondsAtMost: 20,
  restSeconds: 0,
}

export const recovery: Benchmark = {
  about:
    'restart after a million writes and with 200 MB, catch-up of 100,000 entries, memory, and what a snapshot of a million keys holds up',
  run,
}

async function run({ quick: isQuick, progress }: Settings): Promise<Outcome> {
  const plan = isQuick ? quick : full
  const notes: string[] = []
  const figures: Figure[] = []
  {
    await using cluster = await KvCluster.start({ size: 3 })
    figures.push(...(await memory(cluster, plan, notes, progress)))
    figures.push(await restart(cluster, progress))
    figures.push(catchUpFigure([await catchUpOnce(cluster, plan, notes, progress)]))
  }
  figures.push(await largeState(plan, progress))
  figures.push(...(await snapshotPause(plan, notes, progress)))
  return { text: [figuresTable(figures), notes.join('\n')].join('\n\n'), data: { plan, notes }, figures }
}

async function memory(cluster: KvCluster, plan: Plan, notes: string[], progress: Progress): Promise<Figure[]> {
  const watch = new Watch(await cluster.watched())
  const leader = await cluster.leader()
  const filler = new Filler(leader.url, plan.keys, done => progress.now(`recovery: ${whole(done)} of ${whole(plan.writes)} writes`))
  const written = await filler.write(plan.writes, plan.fillSecondsAtMost)
  const shares = watch.end()
  notes.push(
    written < plan.writes
      ? `Only ${whole(written)} of ${whole(plan.writes)} writes in the ${plan.fillSecondsAtMost} s that this benchmark gives them: the goals are for all of them.`
      : `${whole(written)} writes of 256 bytes over ${whole(plan.keys)} keys before the restart.`,
  )
  const perSecond = [written / filler.seconds]
  const after = figureOf('the leader after the writes', { perSecond, ...memoryOf(leader) }, shares)
  if (plan.restSeconds === 0) return [after]
  progress.now(`recovery: ${plan.restSeconds} s of rest`)
  const resting = new Watch(await cluster.watched())
  await sleep(1000 * plan.restSeconds)
  return [after, figureOf(`the leader ${plan.restSeconds} s later`, memoryOf(leader), resting.end())]
}

function memoryOf({ pid }: KvNode): { readonly memoryMB?: readonly number[] } {
  const memoryMB = usageOf(pid)?.memoryMB
  return memoryMB === undefined ? {} : { memoryMB: [memoryMB] }
}

/** From the moment at which all have been killed, and are started, to the first write that succeeds. */
async function restart(cluster: KvCluster, progress: Progress): Promise<Figure> {
  progress.now('recovery: restart of all')
  await Promise.all(cluster.nodes.map(node => node.kill()))
  const started = performance.now()
  for (const node of cluster.nodes) node.spawn()
  const watch = new Watch([])
  for (const node of cluster.nodes) watch.add({ name: 'nodes', pid: node.pid }, { fresh: true })
  await until('a write after the restart', () => someWrite(cluster.nodes), 300, 5)
  const seconds = (performance.now() - started) / 1000
  progress.done(`recovery: first write ${decimals(2)(seconds)} s after the restart of all`)
  return figureOf('kill -9 of all three, to the first write', { seconds: [seconds] }, watch.end())
}

async function someWrite(nodes: readonly KvNode[]): Promise<true | undefined> {
  const tries = nodes.map(async ({ url }) => {
    const body = JSON.stringify({ 'after-restart': 'yes' })
    const response = await fetch(`${url}/key`, { method: 'POST', body, signal: AbortSignal.timeout(1_000) })
    if (!response.ok) throw new Error(String(response.status))
  })
  return Promise.any(tries).then(
    () => true,
    () => undefined,
  )
}

function figureOf(name: string, samples: Partial<Record<Metric, readonly number[]>>, shares: Shares): Figure {
  return { name, series: name, at: 1, samples, ...sharesOf([shares]) }
}
