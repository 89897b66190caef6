import type { Consistency } from 'kv-client'
import type { Node } from 'raft-node'
import type { CommandResult } from '../store/command.ts'
import { callOptions, type Exchange, servingNode } from './exchange.ts'
import { onLeader } from './non-leader.ts'
import { Refusal } from './refusal.ts'
import type { Reply } from './respond.ts'

const consistencies: readonly Consistency[] = ['linearizable', 'lease', 'stale']

/** Answers from this node's store once it may, as the request says how fresh that must be. */
export function read(exchange: Exchange, answer: () => Reply | Promise<Reply>): Reply | Promise<Reply> {
  const consistency = exchange.query.choice('consistency', consistencies, 'linearizable')
  // Who asks for a stale read asks this node, so the mode for other nodes than the leader does not matter.
  if (consistency === 'stale') return staleRead(exchange, answer)
  const { signal, timeoutMs } = callOptions(exchange)
  return onLeader(exchange, node => node.read({ signal, timeoutMs, consistency }), answer)
}

async function staleRead(exchange: Exchange, answer: () => Reply | Promise<Reply>): Promise<Reply> {
  const [maxStaleness, maxLag] = [exchange.query.integer('max-staleness'), exchange.query.integer('max-lag')]
  const node = servingNode(exchange.service)
  // Before the data is looked at, which may get younger meanwhile.
  const age = node.ageMs
  if (maxStaleness !== undefined && !(age !== undefined && age <= maxStaleness)) throw tooStale(age, maxStaleness)
  if (maxLag !== undefined && lagOf(node) > maxLag) throw lagsTooMuch(lagOf(node), maxLag)
  const reply = await answer()
  return { ...reply, headers: { ...reply.headers, ...stalenessHeaders(node, age) } }
}

function stalenessHeaders(node: Node<CommandResult>, age: number | undefined): Record<string, string> {
  const lag = { 'X-Raft-Lag': String(lagOf(node)) }
  return age === undefined ? lag : { 'X-Raft-Age-Ms': String(Math.ceil(age)), ...lag }
}

/** Entries that this node knows to be committed and has not applied. */
function lagOf({ commit, applied }: Node<CommandResult>): number {
  return Math.max(0, commit - applied)
}

function lagsTooMuch(lag: number, most: number): Refusal {
  return new Refusal(503, 'TOO_STALE', `this node is ${lag} entries behind, more than ${most}: ask another node, or read linearizably`)
}

function tooStale(age: number | undefined, most: number): Refusal {
  const why = age === undefined ? 'this node does not know how old its data is' : `this node's data may be ${Math.ceil(age)} ms old`
  return new Refusal(503, 'TOO_STALE', `${why}, more than ${most}: ask another node, or read linearizably`)
}
