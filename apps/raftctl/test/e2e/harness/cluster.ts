import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { ask, leaderAddress } from './http.ts'
import { TestNode } from './node.ts'
import { freePorts } from './ports.ts'
import { eventually } from './wait.ts'

export type Cluster = { readonly nodes: readonly TestNode[]; readonly node: (at: 1 | 2 | 3) => TestNode }

/** Nodes with folders and ports of their own, not started. */
export async function prepare(folder: string, flags: readonly string[] = [], size = 3): Promise<Cluster> {
  const port = await freePorts(2 * size)
  const nodes = Array.from({ length: size }, (_, at) => {
    const id = `n${at + 1}`
    const [http, raft] = [`127.0.0.1:${port + 2 * at}`, `127.0.0.1:${port + 2 * at + 1}`]
    return new TestNode({ id, dir: join(folder, id), http, raft, flags })
  })
  return { nodes, node: at => nodes[at - 1] ?? assert.fail(`no node ${at}`) }
}

/** A running cluster: the first node founds it, the others join by its address and become voters. */
export async function startCluster(folder: string, flags: readonly string[] = [], size = 3): Promise<Cluster> {
  const cluster = await prepare(folder, flags, size)
  const [first, ...others] = cluster.nodes
  assert(first !== undefined)
  await first.start()
  await first.ready()
  for (const node of others) {
    await node.start(['--join', first.http])
    await node.ready()
  }
  await votersAre(first, size)
  return cluster
}

type Status = { readonly members: readonly { readonly id: string; readonly voter: boolean }[] }

export async function votersAre(node: TestNode, count: number): Promise<void> {
  await eventually(`the cluster has ${count} voters`, async () => {
    const { members } = JSON.parse((await ask('GET', node.http, '/v1/status')).text) as Status
    assert.equal(members.filter(({ voter }) => voter).length, count, JSON.stringify(members))
  })
}

/** The node that all running nodes take for the leader; none of those in `not`. */
export function leaderOf(cluster: Cluster, not: readonly TestNode[] = []): Promise<TestNode> {
  return eventually('the running nodes agree on a leader', async () => {
    const addresses = await Promise.all(cluster.nodes.filter(({ running }) => running).map(({ http }) => leaderAddress(http)))
    const leader = cluster.nodes.find(({ raft }) => raft === addresses[0])
    assert(leader?.running && !not.includes(leader) && new Set(addresses).size === 1, `they name ${addresses.join(', ')}`)
    return leader
  })
}

export async function followersOf(cluster: Cluster): Promise<[TestNode, TestNode]> {
  const leader = await leaderOf(cluster)
  const [one, other] = cluster.nodes.filter(node => node !== leader && node.running)
  assert(one !== undefined && other !== undefined)
  return [one, other]
}
