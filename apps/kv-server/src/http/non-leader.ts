import type { NonLeaderMode } from 'kv-client'
import { type Node, RaftError } from 'raft-node'
import { explainNoLeader, quorumView } from '../quorum-view.ts'
import type { CommandResult } from '../store/command.ts'
import { type Exchange, servingNode } from './exchange.ts'
import { Refusal } from './refusal.ts'
import { type Reply, text } from './respond.ts'

const nonLeaderModes: readonly NonLeaderMode[] = ['forward', 'redirect', 'reject']

/**
 * Asks where the server's or the request's mode lets it: any node, which forwards, or the leader alone.
 * A node that stops leading meanwhile answers like one that never led.
 */
export function onLeader<Answer>(
  exchange: Exchange,
  ask: (node: Node<CommandResult>, forward: boolean) => Promise<Answer>,
  show: (answer: Answer) => Reply | Promise<Reply>,
): Reply | Promise<Reply> {
  const mode = exchange.query.choice('non-leader', nonLeaderModes, exchange.service.nonLeader)
  const node = servingNode(exchange.service)
  if (mode !== 'forward' && node.role !== 'leader') return awayReply(exchange, node, mode)
  return ask(node, mode === 'forward').then(show, error => {
    if (!(error instanceof RaftError)) throw error
    if (error.code === 'NOT_LEADER' && mode !== 'forward') return awayReply(exchange, node, mode)
    throw error.code === 'NO_LEADER' ? noLeader(exchange, node) : error
  })
}

function awayReply(exchange: Exchange, node: Node<CommandResult>, mode: 'redirect' | 'reject'): Reply {
  const leader = node.leader()
  if (leader === undefined || leader.id === node.identity.nodeId) throw noLeader(exchange, node)
  // The workshop's answer, to the letter.
  if (mode === 'reject') return text(500, 'not leader\n', { headers: { 'X-Content-Type-Options': 'nosniff' } })
  if (leader.clientAddress === '') throw new Refusal(503, 'NOT_LEADER', `the leader ${leader.id} has not said where clients reach it`)
  return text(307, `the leader is at ${leader.clientAddress}\n`, {
    headers: { Location: `${exchange.service.scheme}://${leader.clientAddress}${exchange.target}` },
  })
}

function noLeader({ service }: Exchange, node: Node<CommandResult>): Refusal {
  return new Refusal(503, 'NO_LEADER', explainNoLeader(quorumView(node.status(), service.connections)))
}
