import { KvClient, type StatusResponse } from 'kv-client'
import { Failure } from '../command/failure.ts'
import { secured, type TlsFiles } from '../command/settings.ts'
import { tlsFetch } from '../command/tls-fetch.ts'

const askMs = 1_000

export type Folder = { readonly dir: string; readonly clusterId: string; readonly members: number }

/** As whom the other node is asked, and who hears that this was in vain. */
export type Asking = {
  /** A token: a secret for joining is none. */
  readonly token?: string | undefined
  /** Undefined: HTTP is spoken. */
  readonly tls?: TlsFiles | undefined
  readonly say: (message: string) => void
}

/**
 * A folder that has a cluster goes on with that, and --join is ignored. Should the address it names belong to another cluster, somebody
 * is mistaken: mostly a node that was started without --join once has founded a cluster of its own. An address that does not answer
 * contradicts nothing; that is said.
 */
export async function checkSameCluster(folder: Folder, join: readonly string[], { token, tls, say }: Asking): Promise<void> {
  if (join.length === 0) return
  const endpoints = join.map(endpoint => secured(endpoint, tls !== undefined))
  const client = new KvClient({ endpoints, timeoutMs: askMs, token, fetch: tls && (await tlsFetch(tls)) })
  const theirs = await client.status().catch(error => void say(unchecked(folder, join, error)))
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

function unchecked({ dir }: Folder, join: readonly string[], error: unknown): string {
  const why = error instanceof Error ? error.message : String(error)
  return `start: not checked whether ${dir} belongs to the cluster that --join ${join.join(', ')} names: ${why}`
}

const short = (clusterId: string): string => clusterId.slice(0, 8)
