import { KvClient, type StatusResponse } from 'kv-client'
import { Failure } from '../command/failure.ts'

const askMs = 1_000

export type Folder = { readonly dir: string; readonly clusterId: string; readonly members: number }

/**
 * A folder that has a cluster goes on with that, and --join is ignored. Should the address it names belong to another cluster, somebody
 * is mistaken: mostly a node that was started without --join once has founded a cluster of its own. An address that does not answer
 * contradicts nothing.
 */
export async function checkSameCluster(folder: Folder, join: readonly string[]): Promise<void> {
  if (join.length === 0) return
  const client = new KvClient({ endpoints: join, timeoutMs: askMs })
  const theirs = await client.status().catch(() => undefined)
  if (theirs === undefined || theirs.clusterId === folder.clusterId || isFoundedAgain(theirs, folder)) return
  throw new Failure(
    `OTHER_CLUSTER: ${folder.dir} belongs to cluster ${short(folder.clusterId)}, and ${theirs.clientAddress} to cluster ${short(theirs.clusterId)}: ` +
      'to join that, name a new folder; to go on with this one, leave out --join',
  )
}

/** A cluster of one that we, of several, are to join: the other one's folder was wiped. That node is mistaken, and will be told so by us. */
function isFoundedAgain(theirs: StatusResponse, ours: Folder): boolean {
  return theirs.members.length <= 1 && ours.members > 1
}

const short = (clusterId: string): string => clusterId.slice(0, 8)
