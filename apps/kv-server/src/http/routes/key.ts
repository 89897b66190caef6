import type { Consistency, DeleteResponse, SetResponse } from 'kv-client'
import { type Applied, type Node, RaftError } from 'raft-node'
import { binaryOf, textOf } from '../../store/binary.ts'
import type { Command, CommandResult } from '../../store/command.ts'
import { encodeCommand } from '../../store/command-codec.ts'
import { readJson } from '../body.ts'
import { callOptions, choice, type Exchange, servingNode } from '../exchange.ts'
import { onLeader } from '../non-leader.ts'
import { keyOf, pairsOf } from '../pairs.ts'
import { Refusal } from '../refusal.ts'
import { json, jsonType, type Reply } from '../respond.ts'

const consistencies: readonly Consistency[] = ['linearizable', 'lease', 'stale']

/** `POST /key` */
export async function setKeys(exchange: Exchange): Promise<Reply> {
  const pairs = pairsOf(await readJson(exchange), exchange.service.limits)
  return onLeader(exchange, async (node, options) => {
    const { index } = await apply(exchange, node, { type: 'set', pairs }, options)
    return json(200, { index } satisfies SetResponse, { index })
  })
}

/** `GET /key/{key}` */
export async function getKey(exchange: Exchange): Promise<Reply> {
  const key = keyOf(exchange.rest, exchange.service.limits)
  const consistency = choice(exchange.query, 'consistency', consistencies, 'linearizable')
  // Who asks for a stale read asks this node, so the mode for other nodes than the leader does not matter.
  if (consistency === 'stale') return readKey(exchange, servingNode(exchange.service), key, consistency)
  return onLeader(exchange, node => readKey(exchange, node, key, consistency))
}

/** `DELETE /key/{key}`: also of a key that is not there, so that a client may repeat it. */
export async function deleteKey(exchange: Exchange): Promise<Reply> {
  const key = keyOf(exchange.rest, exchange.service.limits)
  return onLeader(exchange, async (node, options) => {
    const { index, result } = await apply(exchange, node, { type: 'delete', key: binaryOf(key) }, options)
    return json(200, { index, deleted: result.type === 'delete' && result.deleted } satisfies DeleteResponse, { index })
  })
}

async function readKey(exchange: Exchange, node: Node<CommandResult>, key: string, consistency: Consistency): Promise<Reply> {
  await node.read({ ...callOptions(exchange), consistency: consistency === 'stale' ? 'stale' : 'linearizable' })
  const stored = exchange.service.store.get(binaryOf(key))
  if (stored === undefined) throw new Refusal(404, 'KEY_NOT_FOUND', `there is no key ${JSON.stringify(key)}`)
  // A computed key makes `__proto__` an ordinary property. No newline: the workshop's answer is compared as it is.
  const value = textOf(stored.value)
  if (value === undefined) throw new Refusal(409, 'NOT_TEXT', `the value of ${JSON.stringify(key)} is not text: read it at /v1/kv`)
  return { status: 200, contentType: jsonType, body: JSON.stringify({ [key]: value }) }
}

async function apply(
  exchange: Exchange,
  node: Node<CommandResult>,
  command: Command,
  { forward }: { readonly forward: boolean },
): Promise<Applied<CommandResult>> {
  const applied = await node.apply(encodeCommand(command), { ...callOptions(exchange), forward })
  // Only a leader of another version can find our command malformed. It changed nothing.
  if (applied.result.type === 'malformed') throw new RaftError('INVALID_ARGUMENT', applied.result.message)
  return applied
}
