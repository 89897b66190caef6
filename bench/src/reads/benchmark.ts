import type { Benchmark, Outcome, Settings } from '../benchmark.ts'
import type { KvCluster, KvNode } from '../cluster/kv-cluster.ts'
import { type Figure, figureOf } from '../figure.ts'
import { whole } from '../format.ts'
import { autocannon } from '../load/autocannon.ts'
import { readKeys, writeKeys } from '../load/keys.ts'
import { type Generator, type Measured, measureTogether } from '../load/load.ts'
import { warmCluster } from '../load/series.ts'
import { findWrk } from '../load/wrk.ts'
import { figuresTable } from '../report/figures-table.ts'

const consistencies = ['linearizable', 'lease', 'stale'] as const
const connections = 64

export const reads: Benchmark = {
  about: 'reads over HTTP: linearizable, lease, stale; asked of the leader, of a follower, of all nodes',
  run,
}

async function run({ quick, progress }: Settings): Promise<Outcome> {
  const generator = (await findWrk()) ?? autocannon
  const seconds = quick ? 1 : 2
  await using cluster = await warmCluster(3, quick, progress)
  await writeKeys({ url: (await cluster.leader()).url, kind: 'put', keys: readKeys })
  const figures: Figure[] = []
  const notes: string[] = []
  for (const consistency of consistencies) {
    const refusal = await refusalOf(await cluster.leader(), consistency)
    if (refusal !== undefined) {
      notes.push(`${consistency}: not measured, this server answers ${refusal}.`)
      continue
    }
    for (const [asked, nodes] of await targets(cluster)) {
      const name = `${consistency}, ${asked}, ${connections} connections`
      progress.now(name)
      const runs = [await measureReads(cluster, generator, nodes, consistency, seconds)]
      figures.push(figureOf({ name, series: asked, at: consistencies.indexOf(consistency) + 1 }, runs))
      progress.done(`${name}: ${whole(runs[0]!.perSecond)}/s`)
    }
  }
  notes.push(`Load: ${generator.name}. Of all nodes: the connections are shared out, and the percentiles are those of the slowest node.`)
  return { text: [figuresTable(figures), notes.join('\n')].join('\n\n'), data: { notes, seconds }, figures }
}

async function targets(cluster: KvCluster): Promise<[string, KvNode[]][]> {
  const leader = await cluster.leader()
  const follower = cluster.nodes.filter(node => node !== leader).slice(0, 1)
  return [
    ['the leader', [leader]],
    ['a follower', follower],
    ['all nodes', [...cluster.nodes]],
  ]
}

async function measureReads(
  cluster: KvCluster,
  generator: Generator,
  nodes: readonly KvNode[],
  consistency: string,
  seconds: number,
): Promise<Measured> {
  const query = consistency === 'linearizable' ? '' : `?consistency=${consistency}`
  const share = Math.ceil(connections / nodes.length)
  const loads = nodes.map(({ url }) => ({ url, kind: 'get', query, connections: share, seconds, keys: readKeys }) as const)
  return measureTogether(generator, loads, await cluster.watched())
}

async function refusalOf({ url }: KvNode, consistency: string): Promise<string | undefined> {
  const response = await fetch(`${url}/key/key00000000?consistency=${consistency}`)
  const text = await response.text()
  return response.ok ? undefined : `${response.status} ${text.trim()}`
}
