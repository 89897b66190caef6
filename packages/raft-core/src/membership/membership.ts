import type { NodeId } from '../log/entry.ts'

/**
 * Who takes part (§6, thesis §4). A plain value: it is compared, printed and stored as it is. Lists are sorted and hold no repeats.
 * Joint while `outgoing` is not empty: elections and commits then need a majority of `voters` *and* of `outgoing`.
 */
export type Membership = {
  /** Who votes, on elections and on what is committed. */
  readonly voters: readonly NodeId[]
  /** While joint: the voters before the change, whose majority is needed too. */
  readonly outgoing: readonly NodeId[]
  /** Members that receive the log but have no vote (thesis §4.2.1). */
  readonly learners: readonly NodeId[]
  /** Outgoing voters that become learners once the joint membership is left. */
  readonly learnersNext: readonly NodeId[]
  /** Leave the joint membership as soon as it is committed. */
  readonly autoLeave: boolean
  /** Learners that the leader makes voters by itself once they have caught up. */
  readonly promoting: readonly NodeId[]
  /** Leaders may answer reads by lease (thesis §6.4.1). Absent: no. */
  readonly leaseReads?: boolean | undefined
}

/** Nobody: what a node knows that has yet to join. */
export const noMembers: Membership = { voters: [], outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] }

/** What is wrong with a membership from outside: a member that is listed twice would count twice. */
export function membershipFault(membership: Membership | undefined): string | undefined {
  if (typeof membership !== 'object' || membership === null || typeof membership.autoLeave !== 'boolean') return 'no membership'
  const { voters, outgoing, learners, learnersNext, promoting, leaseReads } = membership
  if (leaseReads !== undefined && typeof leaseReads !== 'boolean') return 'leaseReads is true or false'
  for (const ids of [voters, outgoing, learners, learnersNext, promoting]) {
    if (!Array.isArray(ids) || ids.some(id => typeof id !== 'string' || id === '')) return 'a list of members holds ids'
    if (new Set(ids).size < ids.length) return 'a list of members names nobody twice'
  }
  if (learners.some(id => voters.includes(id) || outgoing.includes(id))) return 'a learner is not a voter'
  return undefined
}

/** Between two memberships (§6). */
export function isJoint(membership: Membership): boolean {
  return membership.outgoing.length > 0
}

/** With a vote in one majority or, while joint, in either. */
export function isVoter(membership: Membership, id: NodeId): boolean {
  return membership.voters.includes(id) || membership.outgoing.includes(id)
}

/** A property of the membership, not a role: a learner that does not know of its promotion yet must still answer votes. */
export function isLearner(membership: Membership, id: NodeId): boolean {
  return membership.learners.includes(id)
}

/** A voter or a learner: whoever receives the log. */
export function isMember(membership: Membership, id: NodeId): boolean {
  return isVoter(membership, id) || isLearner(membership, id)
}

/** Everyone with a vote in either majority, sorted: the order in which messages go out. */
export function voterIds(membership: Membership): NodeId[] {
  return sortedIds([...membership.voters, ...membership.outgoing])
}

/** Voters and learners, sorted. */
export function memberIds(membership: Membership): NodeId[] {
  return sortedIds([...membership.voters, ...membership.outgoing, ...membership.learners])
}

export function sortedIds(ids: Iterable<NodeId>): NodeId[] {
  return [...new Set(ids)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}
