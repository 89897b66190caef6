import type { Benchmark, Outcome, Settings } from '../benchmark.ts'
import { KvCluster } from '../cluster/kv-cluster.ts'
import { type Figure, sharesOf } from '../figure.ts'
import { decimals, whole } from '../format.ts'
import { writeKeys } from '../load/keys.ts'
import { until } from '../process/until.ts'
import { type Shares, Watch } from '../process/watch.ts'
import type { Progress } from '../progress.ts'
import { figuresTable } from '../report/figures-table.ts'

type Plan = { readonly missed: number }
const full: Plan = { missed: 100_000 }
const quick: Plan = { missed: 2_000 }

export type CaughtUp = { readonly seconds: number; readonly missed: number; readonly shares: Shares }

export const catchUp: Benchmark = {
  about: 'how long a follower takes that has missed 100,000 entries, all there are, from the start of its process; three times',
  isPart: true,
  run,
}

async function run({ quick: isQuick, times = isQuick ? 1 : 3, progress }: Settings): Promise<Outcome> {
  const notes: string[] = []
  const rounds: CaughtUp[] = []
  // Each with a cluster of its own: the restart of a follower that has much already is another figure, in `recovery`.
  while (rounds.length < times) {
    await using cluster = await KvCluster.start({ size: 3 })
    rounds.push(await catchUpOnce(cluster, isQuick ? quick : full, notes, progress))
  }
  return { text: [figuresTable([catchUpFigure(rounds)]), notes.join('\n')].join('\n\n'), data: { notes }, figures: [catchUpFigure(rounds)] }
}

/** A follower is killed, so many entries are written without it, each a key of its own, and it is started again. */
export async function catchUpOnce(cluster: KvCluster, { missed }: Plan, notes: string[], progress: Progress): Promise<CaughtUp> {
  await Promise.all(cluster.nodes.map(node => node.ready()))
  const leader = await cluster.leader()
  const follower = cluster.nodes.find(node => node !== leader)!
  await follower.kill()
  const before = (await leader.status())?.commit ?? 0
  progress.now(`catch-up: ${whole(missed)} writes that a follower misses`)
  await writeKeys({ url: leader.url, kind: 'put', keys: missed })
  const target = (await leader.status())?.commit ?? 0
  notes.push(`The follower had missed ${whole(target - before)} entries when it was started again.`)
  progress.now('catch-up: it is started again')
  const started = performance.now()
  follower.spawn()
  const watch = new Watch(await cluster.watched())
  await until('the follower has caught up', async () => (((await follower.status())?.applied ?? 0) >= target ? true : undefined), 300, 5)
  const seconds = (performance.now() - started) / 1000
  progress.done(`catch-up: after ${decimals(2)(seconds)} s`)
  return { seconds, missed: target - before, shares: watch.end() }
}

export function catchUpFigure(rounds: readonly CaughtUp[]): Figure {
  const name = 'a follower that missed them, from its start'
  return {
    name,
    series: name,
    at: 1,
    samples: { seconds: rounds.map(({ seconds }) => seconds) },
    ...sharesOf(rounds.map(({ shares }) => shares)),
  }
}
