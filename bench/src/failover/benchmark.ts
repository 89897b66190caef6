import { setTimeout as sleep } from 'node:timers/promises'
import type { Benchmark, Outcome, Settings } from '../benchmark.ts'
import { KvCluster } from '../cluster/kv-cluster.ts'
import type { Figure } from '../figure.ts'
import { decimals, whole } from '../format.ts'
import { until } from '../process/until.ts'
import { Watch } from '../process/watch.ts'
import type { Progress } from '../progress.ts'
import { figuresTable } from '../report/figures-table.ts'
import { Writers, writersAbout } from './writers.ts'

/** So long before a kill and after the first write that follows it. */
const steadyMs = 1_500
const longestMs = 20_000

type Kill = { readonly gapMs: number; readonly killToOkMs: number; readonly failedTries: number }

export const failover: Benchmark = {
  about: 'the gap in writes when the leader is killed (kill -9), ten times',
  run,
}

async function run({ quick, times = quick ? 3 : 10, progress }: Settings): Promise<Outcome> {
  await using cluster = await KvCluster.start({ size: 3 })
  const writers = new Writers(cluster.nodes.map(({ url }) => url))
  const watch = new Watch([])
  const kills: Kill[] = []
  try {
    for (let at = 1; at <= times; at++) {
      const kill = await killLeader(cluster, writers, progress, `${at}/${times}`)
      progress.done(`kill ${at}/${times}: ${whole(kill.gapMs)} ms without a write, ${kill.failedTries} failed tries`)
      kills.push(kill)
    }
  } finally {
    await writers.stop()
  }
  const { foreignCores } = watch.end()
  const samples = { gapMs: kills.map(({ gapMs }) => gapMs) }
  const figure: Figure = { name: 'kill -9 of the leader', series: 'failover', at: 3, samples, cores: {}, foreignCores: [foreignCores] }
  const seconds = decimals(2)
  const notes = [
    `${writersAbout} The gap is the longest time between two writes that succeeded, around the kill.`,
    `Others kept ${seconds(foreignCores)} cores busy, the servers included, whose processes come and go.`,
  ]
  return { text: [figuresTable([figure]), notes.join('\n')].join('\n\n'), data: { notes, kills }, figures: [figure] }
}

async function killLeader(cluster: KvCluster, writers: Writers, progress: Progress, where: string): Promise<Kill> {
  const leader = await cluster.leader()
  progress.now(`kill ${where}: writing`)
  await until('writes succeed', () => (writers.sinceLast() < 100 ? true : undefined))
  await sleep(steadyMs)
  const [failedBefore, killedAt] = [writers.failedTries, performance.now()]
  await leader.kill()
  const firstOk = await until('a write after the kill', () => writers.firstAfter(killedAt + 1), longestMs / 1000)
  progress.now(`kill ${where}: starting ${leader.id} again`)
  await sleep(steadyMs)
  // A write that was under way may still have been answered just after the kill: the gap that follows is what clients saw.
  const gapMs = writers.longestGap(killedAt - 100)
  const kill = { gapMs, killToOkMs: firstOk - killedAt, failedTries: writers.failedTries - failedBefore }
  leader.spawn()
  await leader.ready()
  await caughtUp(cluster)
  return kill
}

async function caughtUp(cluster: KvCluster): Promise<void> {
  await until('all nodes are at the same place', async () => {
    const all = await Promise.all(cluster.nodes.map(node => node.status()))
    const applied = all.map(status => status?.applied ?? 0)
    return Math.max(...applied) - Math.min(...applied) < 100 ? true : undefined
  })
}
