import type { Benchmark, Outcome, Settings } from '../benchmark.ts'
import type { Figure } from '../figure.ts'
import { counted } from '../format.ts'
import { autocannon } from '../load/autocannon.ts'
import type { Generator } from '../load/load.ts'
import { measurePoint, warmCluster } from '../load/series.ts'
import { findWrk } from '../load/wrk.ts'
import type { Progress } from '../progress.ts'
import { figuresTable } from '../report/figures-table.ts'
import { measureRates } from './rates.ts'

type Plan = {
  readonly sizes: readonly number[]
  readonly connections: readonly number[]
  readonly seconds: number
  readonly runs: number
  /** Shares of the rate at saturation. */
  readonly shares: readonly number[]
}
const full: Plan = { sizes: [1, 3, 5, 7], connections: [1, 16, 64, 256], seconds: 2, runs: 1, shares: [0.1, 0.25, 0.5, 0.7, 0.85, 1] }
const quick: Plan = { sizes: [3], connections: [1, 64], seconds: 2, runs: 1, shares: [0.25, 0.75] }

export const http: Benchmark = {
  about: 'writes over HTTP to the leader: cluster sizes, connections, and latency at fixed rates',
  run,
}

async function run({ quick: isQuick, progress }: Settings): Promise<Outcome> {
  const plan = isQuick ? quick : full
  const wrk = await findWrk()
  const figures: Figure[] = []
  const rates: Figure[] = []
  for (const size of plan.sizes) {
    await using cluster = await warmCluster(size, isQuick, progress)
    const { url } = await cluster.leader()
    // With wrk there, autocannon is only shown where the ways cross: three nodes.
    const generators = wrk === undefined ? [autocannon] : size === 3 ? [wrk, autocannon] : [wrk]
    for (const generator of generators) {
      for (const connections of plan.connections) {
        const load = { url, kind: 'put', connections, seconds: plan.seconds } as const
        const place = placeOf(size, generator, connections)
        figures.push(await measurePoint(cluster, { place, generator, load, runs: plan.runs }, progress))
      }
    }
    if (size === 3) rates.push(...(await measureRates(cluster, saturation(figures), plan, progress)))
  }
  return outcome(plan, figures, rates, wrk, progress)
}

function placeOf(size: number, { name }: Generator, connections: number) {
  const series = `${counted(size, 'node')}, ${name}`
  return { name: `puts, ${series}, ${counted(connections, 'connection')}`, series, at: connections }
}

/** The most that any number of connections got out of three nodes. */
function saturation(figures: readonly Figure[]): number {
  return Math.max(...figures.filter(({ series }) => series.startsWith('3 ')).map(({ samples }) => samples.perSecond?.[0] ?? 0))
}

function outcome(plan: Plan, figures: Figure[], rates: Figure[], wrk: Generator | undefined, progress: Progress): Outcome {
  progress.clear()
  const notes = [
    ...(wrk === undefined ? ['wrk is not installed, so the load is autocannon alone, which takes more of the machine itself.'] : []),
    'wrk and autocannon are closed loops: a connection asks again once it has its answer, so what stalls is asked less.',
    'At a fixed rate, latency counts from the moment at which a request was due, whether or not a connection was free.',
  ]
  return {
    text: [figuresTable(figures), figuresTable(rates), notes.join('\n')].join('\n\n'),
    data: { plan, notes },
    figures: [...figures, ...rates],
    plots: [
      { title: 'Writes per second', x: 'connections', y: 'perSecond', figures },
      { title: 'Latency, p99', x: 'connections', y: 'p99', figures },
      { title: 'Latency at a fixed rate, p50', x: 'requests a second', y: 'p50', figures: rates },
      { title: 'Latency at a fixed rate, p99', x: 'requests a second', y: 'p99', figures: rates },
    ],
  }
}
