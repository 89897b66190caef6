import type { KvCluster } from '../cluster/kv-cluster.ts'
import type { Figure } from '../figure.ts'
import { openLoop } from '../load/open-loop.ts'
import { measurePoint } from '../load/series.ts'
import type { Progress } from '../progress.ts'

const connections = 64

/** Latency against rate, up to what the cluster can take. */
export async function measureRates(
  cluster: KvCluster,
  saturation: number,
  { shares, seconds, runs }: { readonly shares: readonly number[]; readonly seconds: number; readonly runs: number },
  progress: Progress,
): Promise<Figure[]> {
  const figures: Figure[] = []
  const { url } = await cluster.leader()
  for (const share of shares) {
    const rate = Math.max(1, Math.round(saturation * share))
    const load = { url, kind: 'put', connections, seconds } as const
    const place = { name: `puts at ${Math.round(100 * share)} % of saturation`, series: '3 nodes, fixed rate', at: rate }
    figures.push(await measurePoint(cluster, { place, generator: openLoop(rate), load, runs }, progress))
  }
  return figures
}
