import type { Membership, NodeId } from 'raft-core'

// Written anew and not taken from raft-core: a checker that counts with the code under test would share its mistakes.

/** Whether a majority of the voters, and while joint one of the outgoing voters too, have it. Learners are never asked. */
export function quorumHas(membership: Membership, has: (id: NodeId) => boolean): boolean {
  if (membership.voters.length === 0) return false
  return majorityHas(membership.voters, has) && (membership.outgoing.length === 0 || majorityHas(membership.outgoing, has))
}

function majorityHas(voters: readonly NodeId[], has: (id: NodeId) => boolean): boolean {
  let count = 0
  for (const id of voters) if (has(id)) count++
  return 2 * count > voters.length
}

export function isVoter({ voters, outgoing }: Membership, id: NodeId): boolean {
  return voters.includes(id) || outgoing.includes(id)
}
