import type { JoinResponse } from 'kv-client'
import { type JoinAnswer, type JoinRequest, type MemberInfo, nameOf } from 'raft-node'
import { bearerOf, digestOf } from '../../security/authority.ts'
import { binaryFrom, binaryOf } from '../../store/binary.ts'
import { readShortJson } from '../body.ts'
import { callOptions, type Exchange, servingNode } from '../exchange.ts'
import { Refusal } from '../refusal.ts'
import { json, type Reply } from '../respond.ts'
import { perform, refusalOf } from '../writing.ts'

type Serving = ReturnType<typeof servingNode>

/** A name and two addresses. Strangers may send it, so it is short. */
const bodyBytesMax = 8 * 1024

/** `POST /join`: any member takes it. The same node may ask again. */
export async function join(exchange: Exchange): Promise<Reply> {
  const { authority } = exchange.service
  // Whether a token or a secret fits depends on the body; that there is one does not.
  if (authority !== undefined && bearerOf(exchange.request) === undefined) authority.check(exchange.request, 'admin')
  const request = joinRequestOf(await readShortJson(exchange, '{"id":"n2","addr":"10.0.0.2:8186"}', bodyBytesMax))
  const node = servingNode(exchange.service)
  await checkMayJoin(exchange, node, request)
  const answer =
    request.incarnation === '' ? await addByHand(exchange, node, request) : await node.membership.join(request, callOptions(exchange))
  return json(200, { clusterId: answer.clusterId, id: answer.nodeId, members: answer.members } satisfies JoinResponse)
}

/**
 * Somebody asks for a node that is yet to be started, and so has no folder that could tell it from an earlier one: it becomes a member
 * whose place the first folder takes that comes under this name, with `raftctl node join`.
 */
async function addByHand(
  exchange: Exchange,
  node: Serving,
  { id: name, address, clientAddress, replace }: JoinRequest,
): Promise<JoinAnswer> {
  const options = callOptions(exchange)
  await node.read(options) // who belongs to the cluster now, and not what this node knew a while ago
  const member = node.status().members.find(one => nameOf(one.id) === name || one.address === address)
  const isThere = member !== undefined && nameOf(member.id) === name && member.address === address
  if (!isThere || replace) {
    if (member !== undefined) checkReplaceable(member, node, replace)
    const added = { type: 'add' as const, id: name, address, clientAddress }
    const edits = member === undefined ? [added] : [{ type: 'remove' as const, id: member.id }, added]
    await node.waitForApplied(await node.membership.change(edits, options), options)
  }
  const { identity, members } = node.status()
  const infos = members.map(({ id, address, clientAddress, incarnation }) => ({ id, address, clientAddress, incarnation }))
  return { clusterId: identity.clusterId, nodeId: infos.find(one => nameOf(one.id) === name)?.id ?? name, members: infos }
}

/** @throws Refusal 409. */
function checkReplaceable({ id, address }: MemberInfo, node: Serving, replace: boolean): void {
  const isAlive = id === node.identity.nodeId || id === node.leader()?.id
  if (replace && !isAlive) return
  const advice = isAlive ? '' : ', or say "replace": true if that node is lost for good'
  throw new Refusal(409, 'ALREADY_A_MEMBER', `${id} at ${address} is a member: take another id and address${advice}`)
}

/** A token with the role admin, or a secret for this one node, which then asks for itself. @throws Refusal 401, 403. */
async function checkMayJoin(exchange: Exchange, node: Serving, { incarnation }: JoinRequest): Promise<void> {
  const { service, request } = exchange
  if (service.authority === undefined) return
  if (incarnation === '') return void service.authority.check(request, 'admin')
  const secret = bearerOf(request)
  if (secret === undefined || service.authority.knows(request)) return void service.authority.check(request, 'admin')
  const use = { type: 'useSecret' as const, digest: binaryFrom(digestOf(secret)), user: binaryOf(incarnation) }
  await node.read(callOptions(exchange))
  // What strangers guess does not reach the log.
  if (!service.store.secrets.fits(use.digest, use.user)) throw refusalOf('SECRET_UNKNOWN')
  await perform(exchange, node, use)
}

function joinRequestOf(body: unknown): JoinRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('the body is not an object')
  const { id, addr, http = '', incarnation = '', replace = false } = body as Record<string, unknown>
  if (typeof id !== 'string' || id === '') throw invalid('id is missing: the name of the node')
  if (typeof addr !== 'string' || addr === '') throw invalid('addr is missing: the raft address of the node, host:port')
  if (typeof http !== 'string') throw invalid('http is not a string')
  if (typeof replace !== 'boolean') throw invalid('replace is neither true nor false')
  if (typeof incarnation !== 'string') throw invalid('incarnation is not a string')
  return { id, address: addr, clientAddress: http, incarnation, replace }
}

function invalid(message: string): Refusal {
  return new Refusal(400, 'INVALID_BODY', message)
}
