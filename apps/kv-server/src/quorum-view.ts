import type { QuorumStatus } from 'kv-client'
import type { NodeStatus } from 'raft-node'

/** Who is connected to this node, as far as its transport has told. */
export type Connections = { has(id: string): boolean }

/** Whether a member answers: what the leader has heard, or for the others, who know less, whether there is a connection. */
export function isReachable(status: NodeStatus, id: string, connections: Connections): boolean {
  if (id === status.identity.nodeId) return true
  if (status.role !== 'leader') return connections.has(id)
  return status.members.find(member => member.id === id)?.active === true
}

/** How far the voters are from losing their majority. While membership is joint, the majority that is nearer to being lost counts. */
export function quorumView(status: NodeStatus, connections: Connections): QuorumStatus {
  const { voters, outgoing } = status.membership
  const incoming = majority(voters, status, connections)
  if (outgoing.length === 0) return incoming
  const leaving = majority(outgoing, status, connections)
  return leaving.reachable - leaving.needed < incoming.reachable - incoming.needed ? leaving : incoming
}

function majority(voters: readonly string[], status: NodeStatus, connections: Connections): QuorumStatus {
  const needed = Math.floor(voters.length / 2) + 1
  const reachable = voters.filter(id => isReachable(status, id, connections)).length
  return { voters: voters.length, needed, reachable, failureTolerance: Math.max(0, reachable - needed) }
}

/** Why there is no leader, in words an operator can act on. */
export function explainNoLeader({ voters, needed, reachable }: QuorumStatus): string {
  if (voters === 0) return 'no leader: this node is not yet a member of a cluster'
  const count = `${reachable} of ${voters} voters reachable, ${needed} needed`
  return reachable >= needed ? `no leader: an election is going on (${count})` : `no leader: ${count}`
}
