import { explainNoLeader, quorumView } from '../../quorum-view.ts'
import type { Exchange, Service } from '../exchange.ts'
import { type Reply, text } from '../respond.ts'

/** One thing that was looked at. `problem`: what is wrong with it, if something is. */
type Check = { readonly name: string; readonly problem: string | undefined }

/** `GET /livez`: whether a restart would help. A node without a leader is alive: restarting it would only make things worse. */
export async function livez({ service, query }: Exchange): Promise<Reply> {
  return healthReply([{ name: 'process', problem: undefined }, storageCheck(service)], query)
}

/** `GET /readyz`: whether to send clients here. */
export async function readyz({ service, query }: Exchange): Promise<Reply> {
  return healthReply([startedCheck(service), faultCheck(service), repairCheck(service), leaderCheck(service)], query)
}

/** As etcd's: `ok`, or one line for each check that failed; with `?verbose` one for every check. */
function healthReply(checks: readonly Check[], query: URLSearchParams): Reply {
  const healthy = checks.every(check => check.problem === undefined)
  if (healthy && !query.has('verbose')) return text(200, 'ok\n')
  const shown = query.has('verbose') ? checks : checks.filter(check => check.problem !== undefined)
  const lines = shown.map(({ name, problem }) => (problem === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${problem}\n`))
  return text(healthy ? 200 : 503, lines.join(''))
}

function storageCheck({ node }: Service): Check {
  const fault = node?.status().fault
  const broken = fault?.code === 'STORAGE_FAILED' || fault?.code === 'CORRUPT'
  return { name: 'storage', problem: broken ? fault.message : undefined }
}

function startedCheck({ node }: Service): Check {
  const closing = node?.status().closing === true
  return { name: 'started', problem: node === undefined ? 'still starting' : closing ? 'closing' : undefined }
}

function faultCheck({ node }: Service): Check {
  const fault = node?.status().fault
  return { name: 'serving', problem: fault && `${fault.code}: ${fault.message}` }
}

/** What such a node answers comes from a leader and is right; but it may take long, and a restart would not help. */
function repairCheck({ node }: Service): Check {
  const repairs = node?.status().repairs
  const help = 'a leader fills its log again'
  return { name: 'log', problem: repairs === undefined ? undefined : `${repairs}; ${help}` }
}

function leaderCheck({ node, connections }: Service): Check {
  if (node === undefined || node.leader() !== undefined) return { name: 'leader', problem: undefined }
  return { name: 'leader', problem: explainNoLeader(quorumView(node.status(), connections)) }
}
