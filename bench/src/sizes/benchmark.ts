import type { Benchmark, Outcome, Settings } from '../benchmark.ts'
import type { Figure } from '../figure.ts'
import { counted } from '../format.ts'
import { autocannon } from '../load/autocannon.ts'
import { measurePoint, warmCluster } from '../load/series.ts'
import { findWrk } from '../load/wrk.ts'
import { figuresTable } from '../report/figures-table.ts'

type Plan = { readonly nodes: readonly number[]; readonly valueBytes: readonly number[]; readonly seconds: number }
const full: Plan = { nodes: [1, 3, 5, 7], valueBytes: [16, 256, 4_096, 65_536, 1_048_576], seconds: 1 }
const quick: Plan = { nodes: [3], valueBytes: [16, 4_096, 1_048_576], seconds: 1 }
/** Few, so that large values do not fill the memory. */
const keys = 64

export const sizes: Benchmark = {
  about: 'what one write takes, from its sending to its answer, by cluster size and value size',
  run,
}

async function run({ quick: isQuick, progress }: Settings): Promise<Outcome> {
  const plan = isQuick ? quick : full
  const generator = (await findWrk()) ?? autocannon
  const figures: Figure[] = []
  for (const nodes of plan.nodes) {
    await using cluster = await warmCluster(nodes, isQuick, progress)
    const { url } = await cluster.leader()
    for (const valueBytes of plan.valueBytes) {
      const series = counted(nodes, 'node')
      const place = { name: `${series}, ${bytesName(valueBytes)}`, series, at: valueBytes }
      const load = { url, kind: 'put', connections: 1, seconds: plan.seconds, keys, valueBytes } as const
      figures.push(await measurePoint(cluster, { place, generator, load, runs: 1 }, progress))
    }
  }
  return {
    text: [figuresTable(figures), `One connection, load: ${generator.name}.`].join('\n\n'),
    data: { plan },
    figures,
    plots: [
      { title: 'Commit latency, p50', x: 'bytes of the value', y: 'p50', figures },
      { title: 'Commit latency, p99', x: 'bytes of the value', y: 'p99', figures },
    ],
  }
}

function bytesName(bytes: number): string {
  if (bytes >= 1_048_576) return `${bytes / 1_048_576} MiB`
  return bytes >= 1_024 ? `${bytes / 1_024} KiB` : `${bytes} B`
}
