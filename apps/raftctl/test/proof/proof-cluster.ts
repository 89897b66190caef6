import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { ask, leaderAddress } from '../e2e/harness/http.ts'
import { freePorts } from '../e2e/harness/ports.ts'
import { eventually } from '../e2e/harness/wait.ts'
import { type LogKind, type NodePlan, ProofNode } from './proof-node.ts'

/** A proof holds with both. */
export const logStores: readonly LogKind[] = ['level', 'wal']

/** All of them, or the one that is named; or the end with a line that says which there are. */
export function storesFrom(flag: string, name: string | undefined): readonly LogKind[] {
  const stores = logStores.filter(store => name === undefined || store === name)
  if (stores.length > 0) return stores
  console.error(`${flag} ${name}: give ${logStores.join(' or ')}`)
  process.exit(2)
}

/** A running cluster: the first node founds it, the others join and become voters. */
export async function startProofCluster(
  program: string,
  folder: string,
  more: Partial<NodePlan> = {},
  size = 3,
): Promise<readonly ProofNode[]> {
  const port = await freePorts(2 * size)
  const nodes = Array.from({ length: size }, (_, at) => {
    const id = `n${at + 1}`
    const [http, raft] = [`127.0.0.1:${port + 2 * at}`, `127.0.0.1:${port + 2 * at + 1}`]
    return new ProofNode(program, { id, dir: join(folder, id), http, raft, ...more })
  })
  const [first, ...others] = nodes
  assert(first !== undefined)
  await first.start()
  await first.ready()
  for (const node of others) {
    await node.start({ join: [first.http] })
    await node.ready()
  }
  await eventually(`the cluster has ${size} voters`, async () => {
    const status = JSON.parse((await ask('GET', first.http, '/v1/status')).text) as { members: { voter: boolean }[] }
    assert.equal(status.members.filter(({ voter }) => voter).length, size)
  })
  return nodes
}

/** The node that all running ones take for the leader. */
export function leaderAmong(nodes: readonly ProofNode[]): Promise<ProofNode> {
  return eventually('the running nodes agree on a leader', async () => {
    const named = await Promise.all(nodes.filter(({ running }) => running).map(({ http }) => leaderAddress(http)))
    const leader = nodes.find(({ settings }) => settings.raft === named[0])
    assert(leader?.running && new Set(named).size === 1, `they name ${named.join(', ')}`)
    return leader
  })
}
