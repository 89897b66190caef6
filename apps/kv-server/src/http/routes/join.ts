import type { JoinResponse } from 'kv-client'
import type { JoinRequest } from 'raft-node'
import { bearerOf, digestOf } from '../../security/authority.ts'
import { binaryFrom, binaryOf } from '../../store/binary.ts'
import { readJson } from '../body.ts'
import { callOptions, type Exchange, servingNode } from '../exchange.ts'
import { Refusal } from '../refusal.ts'
import { json, type Reply } from '../respond.ts'
import { perform } from '../writing.ts'

/** `POST /join`: any member takes it. The same node may ask again. */
export async function join(exchange: Exchange): Promise<Reply> {
  const request = joinRequestOf(await readJson(exchange))
  const node = servingNode(exchange.service)
  await checkMayJoin(exchange, node, request)
  const answer = await node.membership.join(request, callOptions(exchange))
  return json(200, { clusterId: answer.clusterId, id: answer.nodeId, members: answer.members } satisfies JoinResponse)
}

/** A token with the role admin, or a secret for this one node. @throws Refusal 401, 403. */
async function checkMayJoin(exchange: Exchange, node: ReturnType<typeof servingNode>, { incarnation }: JoinRequest): Promise<void> {
  const { service, request } = exchange
  if (service.authority === undefined) return
  const secret = bearerOf(request)
  if (secret === undefined || service.authority.knows(request)) return void service.authority.check(request, 'admin')
  await perform(exchange, node, { type: 'useSecret', digest: binaryFrom(digestOf(secret)), user: binaryOf(incarnation) })
}

function joinRequestOf(body: unknown): JoinRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('the body is not an object')
  const { id, addr, http = '', incarnation, replace = false } = body as Record<string, unknown>
  if (typeof id !== 'string' || id === '') throw invalid('id is missing: the name of the node')
  if (typeof addr !== 'string' || addr === '') throw invalid('addr is missing: the raft address of the node, host:port')
  if (typeof http !== 'string') throw invalid('http is not a string')
  if (typeof replace !== 'boolean') throw invalid('replace is neither true nor false')
  // Without it nobody could tell the node from an earlier one at the same address that has lost its disk.
  if (typeof incarnation !== 'string' || incarnation === '') {
    throw invalid('incarnation is missing: a node asks for itself, with the number of its folder; start it with: raftctl node join')
  }
  return { id, address: addr, clientAddress: http, incarnation, replace }
}

function invalid(message: string): Refusal {
  return new Refusal(400, 'INVALID_BODY', message)
}
