import { KvCluster, type KvNode } from '../cluster/kv-cluster.ts'
import { type Figure, figureOf, type Place } from '../figure.ts'
import { counted, whole } from '../format.ts'
import type { Progress } from '../progress.ts'
import { autocannon } from './autocannon.ts'
import { type Generator, type Load, type Measured, measure } from './load.ts'

/** Until V8 has compiled the paths that are measured: figures of a server in its first seconds say little. */
const warmUpSeconds = { full: 4, quick: 3 }

/** Started, and warmed up through its leader. */
export async function warmCluster(size: number, quick: boolean, progress: Progress): Promise<KvCluster> {
  progress.now(`starting ${counted(size, 'node')}`)
  const cluster = await KvCluster.start({ size })
  try {
    await warmUp(await cluster.leader(), quick)
    return cluster
  } catch (error) {
    await cluster.close()
    throw error
  }
}

async function warmUp(leader: KvNode, quick: boolean): Promise<void> {
  const load = { url: leader.url, connections: 64, seconds: quick ? warmUpSeconds.quick : warmUpSeconds.full }
  await measure(autocannon, { ...load, kind: 'put' }, [])
  await measure(autocannon, { ...load, kind: 'get', seconds: load.seconds / 3 }, [])
}

export type Point = {
  readonly place: Place
  readonly generator: Generator
  readonly load: Load
  readonly runs: number
}

/** One load, as often as asked. */
export async function measurePoint(cluster: KvCluster, { place, generator, load, runs }: Point, progress: Progress): Promise<Figure> {
  const measured: Measured[] = []
  for (let at = 1; at <= runs; at++) {
    progress.now(`${place.name}: ${at}/${runs}`)
    measured.push(await measure(generator, load, await cluster.watched()))
  }
  const figure = figureOf(place, measured)
  progress.done(`${place.name}: ${whole(figure.samples.perSecond?.[0] ?? 0)}/s`)
  return figure
}
