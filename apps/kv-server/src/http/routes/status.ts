import type { MemberStatus, StatusResponse } from 'kv-client'
import type { Node, NodeStatus } from 'raft-node'
import { type Connections, isReachable, quorumView } from '../../quorum-view.ts'
import type { CommandResult } from '../../store/command.ts'
import { type Exchange, type Service, startedNode } from '../exchange.ts'
import { json, type Reply } from '../respond.ts'

/** `GET /v1/status`: answered also by a node that does not serve, for that is when it is asked. */
export async function status({ service }: Exchange): Promise<Reply> {
  return json(200, statusResponse(startedNode(service), service))
}

function statusResponse(node: Node<CommandResult>, { connections, store, host }: Service): StatusResponse {
  const now = node.status()
  const { identity, members, membership: _, fault, repairs, diskFull, ...rest } = now
  return {
    id: identity.nodeId,
    clusterId: identity.clusterId,
    incarnation: identity.incarnation,
    ...rest,
    leader: node.leader() ?? null,
    members: members.map(member => memberStatus(now, member, connections)),
    quorum: quorumView(now, connections),
    keys: store.size,
    fault: fault ?? null,
    repairs: repairs ?? null,
    diskFull: diskFull ?? null,
    server: host.server,
    disk: host.disk ?? null,
  }
}

/** One member, as this node sees it. */
export function memberStatus(
  status: NodeStatus,
  { active: _, ...member }: NodeStatus['members'][number],
  connections: Connections,
): MemberStatus {
  return { ...member, reachable: isReachable(status, member.id, connections) }
}
