import type { Benchmark, Outcome, Settings } from '../benchmark.ts'
import { KvCluster } from '../cluster/kv-cluster.ts'
import { type Figure, figureOf } from '../figure.ts'
import { whole } from '../format.ts'
import { autocannon } from '../load/autocannon.ts'
import { type Generator, type Load, type Measured, measure } from '../load/load.ts'
import { findWrk } from '../load/wrk.ts'
import { figuresTable } from '../report/figures-table.ts'

type Plan = { readonly sizes: readonly number[]; readonly connections: readonly number[]; readonly seconds: number; readonly runs: number }
const full: Plan = { sizes: [1, 3, 5, 7], connections: [1, 16, 64, 256], seconds: 4, runs: 1 }
const quick: Plan = { sizes: [3], connections: [1, 64], seconds: 2, runs: 1 }

export const http: Benchmark = {
  about: 'writes over HTTP to the leader: cluster sizes, connections, latency',
  run: run,
}

async function run({ quick: isQuick, progress }: Settings): Promise<Outcome> {
  const plan = isQuick ? quick : full
  const wrk = await findWrk()
  const generators = wrk === undefined ? [autocannon] : [wrk, autocannon]
  const figures: Figure[] = []
  for (const size of plan.sizes) {
    progress.now(`http: starting ${size} nodes`)
    await using cluster = await KvCluster.start({ size })
    await warmUp(cluster)
    for (const generator of size === 3 ? generators : generators.slice(0, 1)) {
      for (const connections of plan.connections) {
        progress.now(`http: ${size} nodes, ${connections} connections, ${generator.name}`)
        const figure = await point(cluster, generator, connections, plan)
        progress.done(`${figure.name}: ${whole(figure.samples.perSecond![0]!)}/s`)
        figures.push(figure)
      }
    }
  }
  const notes = wrk === undefined ? ['wrk is not installed, so the load is autocannon alone, which takes more of the machine itself.'] : []
  return { text: [...notes, figuresTable(figures)].join('\n\n'), data: { plan, notes }, figures }
}

async function point(cluster: KvCluster, generator: Generator, connections: number, { seconds, runs }: Plan): Promise<Figure> {
  const measured: Measured[] = []
  const watched = await cluster.watched()
  for (let at = 0; at < runs; at++) measured.push(await measure(generator, await puts(cluster, connections, seconds), watched))
  const size = cluster.nodes.length
  const series = `${size} ${size === 1 ? 'node' : 'nodes'}, ${generator.name}`
  return figureOf({ name: `puts, ${series}, ${connections} connections`, series, at: connections }, measured)
}

/** Until the compiler has seen the paths that are measured. */
async function warmUp(cluster: KvCluster): Promise<void> {
  await measure(autocannon, await puts(cluster, 64, 3), [])
}

async function puts(cluster: KvCluster, connections: number, seconds: number): Promise<Load> {
  return { url: (await cluster.leader()).url, kind: 'put', connections, seconds }
}
