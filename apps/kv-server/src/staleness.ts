import type { NodeStatus } from 'raft-node'

/**
 * How long ago this node heard from those who know what is committed, in milliseconds: a follower from its leader, a leader from a
 * majority, since otherwise another may lead by now. Undefined if it has not.
 */
export function ageMs({ role, leader, members, identity, membership }: NodeStatus): number | undefined {
  const contact = (id: string) => (id === identity.nodeId ? 0 : members.find(member => member.id === id)?.lastContactMs)
  if (role !== 'leader') return leader === undefined ? undefined : contact(leader)
  const majorities = [membership.voters, membership.outgoing].filter(voters => voters.length > 0)
  return maxOf(majorities.map(voters => majorityContact(voters.map(contact))))
}

/** Since when so many have not been heard of that the rest would be no majority. */
function majorityContact(contacts: readonly (number | undefined)[]): number | undefined {
  const ascending = contacts.map(contact => contact ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)
  const last = ascending[Math.floor(ascending.length / 2)]
  return last === Number.POSITIVE_INFINITY ? undefined : last
}

function maxOf(ages: readonly (number | undefined)[]): number | undefined {
  let most = 0
  for (const age of ages) {
    if (age === undefined) return undefined
    most = Math.max(most, age)
  }
  return most
}
