import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { NonLeaderMode } from 'kv-client'
import { type CallOptions, type Node, RaftError } from 'raft-node'
import type { HostWatch } from '../host-watch.ts'
import type { EventLoopWatch } from '../metrics/event-loop.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Connections } from '../quorum-view.ts'
import type { Authority, Principal } from '../security/authority.ts'
import type { CommandResult } from '../store/command.ts'
import type { KvStore } from '../store/kv-store.ts'
import type { Turns } from '../watching/turns.ts'
import type { Watchers } from '../watching/watchers.ts'
import type { Limits } from './limits.ts'
import type { Load } from './load.ts'
import type { Pages } from './pages.ts'
import type { Query } from './query.ts'
import { Refusal } from './refusal.ts'

/** What the routes serve: one node and its store. */
export type Service = {
  readonly store: KvStore
  /** Undefined while it starts: the port is open by then, so that health checks get an answer. */
  readonly node: Node<CommandResult> | undefined
  readonly connections: Connections
  readonly nonLeader: NonLeaderMode
  readonly limits: Limits
  readonly load: Load
  readonly metrics: Metrics
  readonly eventLoop: EventLoopWatch
  readonly host: HostWatch
  readonly turns: Turns
  readonly watchers: Watchers
  /** Undefined: everybody may do everything. */
  readonly authority: Authority | undefined
  readonly scheme: 'http' | 'https'
  readonly pages: Pages
  /** When the certificates in use end, by what they are for, in milliseconds of the wall clock. */
  readonly expiries: () => Readonly<Record<string, number>>
}

/** What is known of a request before its body. Names of headers are in lower case. */
export type RequestHead = { readonly method: string; readonly headers: IncomingHttpHeaders }

/** All of the body, where it came with the head; otherwise where it comes from. */
export type Body = Uint8Array | { readonly request: IncomingMessage; readonly response: ServerResponse }

/** One request on its way to an answer. */
export type Exchange = {
  readonly service: Service
  readonly request: RequestHead
  readonly body: Body
  /** What the path's pattern left open, not yet decoded: the key. */
  readonly rest: string
  readonly query: Query
  /** Path and query as they came, for redirects. */
  readonly target: string
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
  /** Aborted when the server closes: what waits for ever ends then. */
  readonly closing: AbortSignal
  readonly principal: Principal
}

/** The node, once it has started and as long as it may serve. @throws Refusal, RaftError with the node's fault. */
export function servingNode(service: Service): Node<CommandResult> {
  const node = startedNode(service)
  const { fault } = node
  if (fault !== undefined) throw new RaftError(fault.code as RaftError['code'], fault.message, { outcome: 'not-applied' })
  return node
}

export function startedNode({ node }: Service): Node<CommandResult> {
  if (node === undefined) throw new Refusal(503, 'STARTING', 'this node is still starting: try again, or ask another')
  return node
}

/** A client that waits less long than this server would says so: `X-Raft-Timeout`, in milliseconds. @throws Refusal 400. */
export function callOptions({ signal, service, request }: Exchange): Required<CallOptions> {
  const { answerTimeoutMs } = service.limits
  const patience = request.headers['x-raft-timeout']
  if (patience === undefined) return { signal, timeoutMs: answerTimeoutMs }
  const timeoutMs = Number(patience)
  if (timeoutMs > 0) return { signal, timeoutMs: Math.min(timeoutMs, answerTimeoutMs) }
  throw new Refusal(400, 'INVALID_HEADER', 'X-Raft-Timeout is a number of milliseconds above 0')
}
