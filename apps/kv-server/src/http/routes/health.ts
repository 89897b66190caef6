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
  const checks = [startedCheck, faultCheck, repairCheck, leaderCheck, caughtUpCheck, diskCheck, eventLoopCheck]
  return healthReply(
    checks.map(check => check(service)),
    query,
  )
}

/** As etcd's: `ok`, or one line for each check that failed; with `?verbose` one for every check. */
function healthReply(checks: readonly Check[], query: Exchange['query']): Reply {
  const healthy = checks.every(check => check.problem === undefined)
  if (healthy && !query.has('verbose')) return text(200, 'ok\n')
  const shown = query.has('verbose') ? checks : checks.filter(check => check.problem !== undefined)
  const lines = shown.map(({ name, problem }) => (problem === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${problem}\n`))
  return text(healthy ? 200 : 503, lines.join(''))
}

function storageCheck({ node }: Service): Check {
  const fault = node?.fault
  const broken = fault?.code === 'STORAGE_FAILED' || fault?.code === 'CORRUPT'
  return { name: 'storage', problem: broken ? fault.message : undefined }
}

function startedCheck({ node }: Service): Check {
  const problem = node === undefined ? 'still starting' : node.isClosing ? 'closing' : undefined
  return { name: 'started', problem }
}

/** Why the node does not serve: a disk that failed, a removed member. The node says it in words. */
function faultCheck({ node }: Service): Check {
  const fault = node?.fault
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

/** More than clients want to wait for. */
const lagMax = 10_000

function caughtUpCheck({ node }: Service): Check {
  const lag = node === undefined ? 0 : node.commit - node.applied
  return { name: 'caught-up', problem: lag > lagMax ? `catching up: ${lag} committed entries are not applied yet` : undefined }
}

function diskCheck({ node }: Service): Check {
  return { name: 'disk', problem: node?.status().diskFull }
}

const lateMsMax = 1_000

function eventLoopCheck({ eventLoop }: Service): Check {
  const lag = Math.round(eventLoop.lagMs)
  const problem = lag > lateMsMax ? `event loop blocked: it was kept from its work for ${lag} ms within the last ten seconds` : undefined
  return { name: 'event-loop', problem }
}
