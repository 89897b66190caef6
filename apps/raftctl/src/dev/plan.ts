// Which nodes `raftctl dev` runs.
import { join, relative, resolve } from 'node:path'

export type NodePlan = { readonly id: string; readonly http: string; readonly raft: string; readonly dir: string }
export type Plan = { readonly port: number; readonly data: string; readonly nodes: readonly NodePlan[] }

/** Nodes stand a hundred ports apart, as in the workshop; the Raft port is six above the HTTP port. */
const apart = 100
const raftAbove = 6

export const nodesMax = 9
export const portMax = 65_535 - raftAbove - apart * (nodesMax - 1)

/** A folder for each port: nodes are known to each other by their addresses, so data of other ports would be of no use. */
export function planFrom({
  nodes,
  port,
  data,
}: {
  readonly nodes: number
  readonly port: number
  readonly data: string | undefined
}): Plan {
  const folder = resolve(process.env.INIT_CWD ?? '.', data ?? join('.raft', String(port)))
  return { port, data: folder, nodes: Array.from({ length: nodes }, (_, at) => nodePlan(at, port, folder)) }
}

function nodePlan(at: number, firstPort: number, data: string): NodePlan {
  const port = firstPort + apart * at
  const id = `n${at + 1}`
  return { id, http: `127.0.0.1:${port}`, raft: `127.0.0.1:${port + raftAbove}`, dir: join(data, id) }
}

/** A path as a person would type it here. */
export function shown(path: string): string {
  const short = relative(process.env.INIT_CWD ?? '.', path)
  return short.startsWith('..') ? path : short
}
