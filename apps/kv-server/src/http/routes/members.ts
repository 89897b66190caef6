import { randomBytes } from 'node:crypto'
import type { JoinSecretResponse, MembershipResponse, MembersResponse, TransferResponse } from 'kv-client'
import type { Node } from 'raft-node'
import { digestOf } from '../../security/authority.ts'
import { binaryFrom } from '../../store/binary.ts'
import type { CommandResult } from '../../store/command.ts'
import { readJsonOrNothing } from '../body.ts'
import { callOptions, type Exchange, servingNode, startedNode } from '../exchange.ts'
import { bodyFields, integerIn, invalidBody, own } from '../json-bytes.ts'
import { percentDecoded } from '../query.ts'
import { Refusal } from '../refusal.ts'
import { json, type Reply } from '../respond.ts'
import { perform } from '../writing.ts'
import { memberStatus } from './status.ts'

/** `GET /v1/members` */
export async function listMembers({ service }: Exchange): Promise<Reply> {
  const node = startedNode(service)
  const status = node.status()
  const members = status.members.map(member => memberStatus(status, member, service.connections))
  const { membershipIndex } = status
  return json(200, { leader: node.leader() ?? null, membershipIndex, members } satisfies MembersResponse)
}

type Change = 'promote' | 'demote' | 'remove'

/** `POST /v1/members/{id}/promote`, `…/demote`, `DELETE /v1/members/{id}` */
export function changeMember(change: Change): (exchange: Exchange) => Promise<Reply> {
  return async exchange => {
    const id = percentDecoded(exchange.rest) ?? ''
    const node = servingNode(exchange.service)
    if (!node.status().members.some(member => member.id === id)) throw unknownMember(node, id)
    const index = await node.membership[change](id, callOptions(exchange))
    return json(200, { index } satisfies MembershipResponse, { index })
  }
}

function unknownMember(node: Node<CommandResult>, id: string): Refusal {
  const ids = node.status().members.map(member => member.id)
  return new Refusal(404, 'MEMBER_NOT_FOUND', `there is no member ${JSON.stringify(id)}: the members are ${ids.join(', ')}`)
}

/** `POST /v1/leader/transfer` */
export async function transferLeadership(exchange: Exchange): Promise<Reply> {
  const target = own(bodyFields(await readJsonOrNothing(exchange, '{"target":"n2"}'), ['target']), 'target')
  if (target !== undefined && typeof target !== 'string') throw invalidBody('target is not a string')
  const node = servingNode(exchange.service)
  if (target !== undefined && !node.status().members.some(member => member.id === target)) throw unknownMember(node, target)
  const leader = await node.transferLeadership({ ...callOptions(exchange), ...(target !== undefined && { target }) })
  return json(200, { leader } satisfies TransferResponse)
}

const secretBytes = 24
const secretTtlMs = 60 * 60 * 1000
const secretTtlMsMax = 7 * 24 * secretTtlMs

/** `POST /v1/join-secrets`: only the digest of the secret goes through the log. */
export async function createJoinSecret(exchange: Exchange): Promise<Reply> {
  const fields = bodyFields(await readJsonOrNothing(exchange, '{"ttlMs":3600000}'), ['ttlMs'])
  const ttlMs = integerIn(fields, 'ttlMs', secretTtlMs)
  if (ttlMs === 0 || ttlMs > secretTtlMsMax) throw invalidBody(`ttlMs is from 1 to ${secretTtlMsMax}`)
  const secret = `join-${randomBytes(secretBytes).toString('base64url')}`
  const command = { type: 'addSecret' as const, digest: binaryFrom(digestOf(secret)), ttlMs }
  const { revision } = await perform(exchange, servingNode(exchange.service), command)
  return json(200, { secret, ttlMs, revision } satisfies JoinSecretResponse, { headers: { 'Cache-Control': 'no-store' } })
}
