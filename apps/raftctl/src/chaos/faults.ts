import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from 'raft-sim'
import type { ChaosNode } from './chaos-node.ts'
import type { Cluster } from './cluster.ts'

/** What a fault takes for itself while it lasts: two that would undo each other's work cannot overlap. */
type Claim = string

/** A fault that could begin now. */
export type Planned = {
  readonly claims: readonly Claim[]
  /** `n2 paused`: what the picture shows. */
  readonly what: string
  begin(): Promise<void> | void
  heal(): Promise<void> | void
}
export type Fault = { readonly name: string; plan(cluster: Cluster, random: Random): Planned }

/** Everything that is done to a cluster, by name. */
export const faults: readonly Fault[] = [
  {
    name: 'kill',
    plan: (cluster, random) => process(cluster, random, 'killed (kill -9)', node => cluster.kill(node)),
  },
  {
    name: 'stop',
    plan: (cluster, random) =>
      process(cluster, random, 'stopped gracefully', async node => {
        await Promise.race([node.stop(), sleep(5_000)])
        await cluster.kill(node)
      }),
  },
  {
    name: 'pause',
    plan(cluster, random) {
      const node = random.pick(cluster.nodes)
      return {
        claims: [`process of ${node.id}`],
        what: `${node.id} paused (SIGSTOP)`,
        begin: () => node.pause(),
        heal: () => node.resume(),
      }
    },
  },
  {
    name: 'cut',
    plan({ nodes, network }, random) {
      const [a, b] = two(nodes, random)
      return {
        claims: [between(a, b)],
        what: `${a.id} ✂ ${b.id}: connections cut and refused`,
        begin: () => network.cut(a.id, b.id, true),
        heal: () => network.cut(a.id, b.id, false),
      }
    },
  },
  {
    name: 'one-way',
    plan({ nodes, network }, random) {
      const [a, b] = two(nodes, random)
      return {
        claims: [between(a, b)],
        what: `${a.id} ⇢ ${b.id}: nothing arrives, the way back works`,
        begin: () => network.block(a.id, b.id, true),
        heal: () => network.block(a.id, b.id, false),
      }
    },
  },
  {
    name: 'isolate',
    plan({ nodes, network }, random) {
      const node = random.pick(nodes)
      const others = network.others(node.id)
      const block = (blocked: boolean) => {
        for (const other of others) {
          network.block(node.id, other, blocked)
          network.block(other, node.id, blocked)
        }
      }
      return {
        claims: others.map(other => between(node, { id: other })),
        what: `${node.id} alone: no byte from or to any other node`,
        begin: () => block(true),
        heal: () => block(false),
      }
    },
  },
  {
    name: 'slow-link',
    plan({ nodes, network }, random) {
      const [a, b] = two(nodes, random)
      const delayMs = random.spread(20, 800)
      const delay = (ms: number) => {
        network.delay(a.id, b.id, ms)
        network.delay(b.id, a.id, ms)
      }
      return {
        claims: [between(a, b)],
        what: `${a.id} ~ ${b.id}: ${delayMs} ms late each way`,
        begin: () => delay(delayMs),
        heal: () => delay(0),
      }
    },
  },
  {
    name: 'slow-disk',
    plan: ({ nodes }, random) => {
      const syncDelayMs = random.spread(20, 3_000)
      return disk(random.pick(nodes), `flushes take ${syncDelayMs} ms`, node => node.disk({ syncDelayMs }))
    },
  },
  {
    name: 'full-disk',
    plan: ({ nodes }, random) => disk(random.pick(nodes), 'disk full (ENOSPC)', node => node.disk({ full: true })),
  },
  {
    name: 'failing-flush',
    plan: ({ nodes }, random) => disk(random.pick(nodes), 'flushes fail (EIO)', node => node.disk({ failing: true })),
  },
]

export const faultNames: readonly string[] = faults.map(({ name }) => name)

function process(cluster: Cluster, random: Random, what: string, end: (node: ChaosNode) => Promise<void>): Planned {
  const node = random.pick(cluster.nodes)
  return {
    claims: [`process of ${node.id}`, `disk of ${node.id}`],
    what: `${node.id} ${what}`,
    begin: () => end(node),
    heal: () => cluster.start(node),
  }
}

/** A node may stop by itself because of its disk, as it must when flushes fail. Who heals the disk starts the node again. */
function disk(node: ChaosNode, what: string, begin: (node: ChaosNode) => void): Planned {
  return { claims: [`disk of ${node.id}`], what: `${node.id}: ${what}`, begin: () => begin(node), heal: () => node.disk({}) }
}

type Named = { readonly id: string }

function two<T extends Named>(nodes: readonly T[], random: Random): readonly [T, T] {
  const [a, b] = random.shuffled(nodes)
  if (a === undefined || b === undefined) throw new Error('there is only one node')
  return [a, b]
}

function between(a: Named, b: Named): Claim {
  return `link of ${[a.id, b.id].sort().join(' and ')}`
}
