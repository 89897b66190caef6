import { Cluster } from './cluster.ts'
import { loads, play } from './loads.ts'

export type HeapFigure = {
  readonly entries: number
  /** JavaScript objects, and buffers outside the heap, in bytes, after a forced collection. */
  readonly heap: number
  readonly buffers: number
}

/** After every million entries, with compaction. Needs --expose-gc. */
export function heapGrowth(millions: number): HeapFigure[] {
  const cluster = new Cluster()
  const load = loads.find(({ name }) => name === 'batch')!
  const figures: HeapFigure[] = []
  for (let at = 1; at <= millions; at++) {
    play(cluster, load, () => cluster.committed < at * 1e6)
    // Wherever the last compaction was: the same number of entries is held each time.
    cluster.compact()
    figures.push({ entries: cluster.committed, ...afterCollection() })
  }
  return figures
}

function afterCollection(): { heap: number; buffers: number } {
  // What a first collection leaves to be finalized, the second one frees.
  for (let i = 0; i < 3; i++) globalThis.gc!()
  const { heapUsed, external } = process.memoryUsage()
  return { heap: heapUsed, buffers: external }
}
