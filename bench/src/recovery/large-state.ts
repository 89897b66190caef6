import { KvCluster } from '../cluster/kv-cluster.ts'
import { type Figure, sharesOf } from '../figure.ts'
import { decimals, whole } from '../format.ts'
import { type Shares, Watch } from '../process/watch.ts'
import type { Progress } from '../progress.ts'
import { fillKeys } from './fill-keys.ts'

const valueBytes = 1_024
const restarts = 3

/** How long a node with so many bytes of keys and values takes from its start until it serves, after kill -9. */
export async function largeState({ stateMB }: { readonly stateMB: number }, progress: Progress): Promise<Figure> {
  await using cluster = await KvCluster.start({ size: 1 })
  const [node] = cluster.nodes
  if (node === undefined) throw new RangeError('a cluster of none')
  const keys = Math.round((stateMB * 1e6) / valueBytes)
  await fillKeys(node.url, { keys, valueBytes }, progress)
  const seconds: number[] = []
  const shares: Shares[] = []
  while (seconds.length < restarts) {
    await node.kill()
    const started = performance.now()
    node.spawn()
    const watch = new Watch([])
    watch.add({ name: 'nodes', pid: node.pid }, { fresh: true })
    await node.ready()
    seconds.push((performance.now() - started) / 1000)
    shares.push(watch.end())
    progress.done(`recovery: a node with ${whole(stateMB)} MB serves ${decimals(2)(seconds.at(-1) ?? 0)} s after its start`)
  }
  const name = `kill -9 of a node with ${whole(stateMB)} MB, until it serves`
  return { name, series: name, at: 1, samples: { seconds }, ...sharesOf(shares) }
}
