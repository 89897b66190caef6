import type { Index, MembershipEntry } from '../log/entry.ts'
import type { RaftMachine } from '../raft.ts'
import { answerConfirmedReads } from '../reads.ts'
import { advanceCommit } from '../replication/commit.ts'
import { newProgress } from '../replication/progress.ts'
import { replicateTo, replicateToAll } from '../replication/send.ts'
import type { Leader } from '../roles.ts'
import { becomeFollower } from '../roles.ts'
import { abortTransfer } from '../transfer.ts'
import { changeMembership } from './change.ts'
import type { Membership } from './membership.ts'
import { isLearner, isMember, isVoter, memberIds } from './membership.ts'

/**
 * A committed membership change takes effect. Every node decides alike from the same entry and the same membership, so one that
 * does not fit changes nothing anywhere.
 */
export function applyChange(raft: RaftMachine, entry: MembershipEntry): void {
  const result = changeMembership(raft.membership, entry.change)
  if (!result.ok) {
    if (raft.trace) raft.trace({ type: 'changeRefused', index: entry.index, because: result.reason })
    return
  }
  raft.setMembership(result.membership, entry.index)
  if (raft.state.name === 'leader') followChange(raft, raft.state, result.fresh)
}

function followChange(raft: RaftMachine, leader: Leader, fresh: readonly string[]): void {
  const { membership, id } = raft
  syncProgress(raft, leader, membership, fresh)
  if (!isVoter(membership, id) || isLearner(membership, id)) {
    // §6: a leader that is not part of the membership any more has done its duty once the change is committed.
    if (raft.settings.stepDownOnRemoval) becomeFollower(raft, raft.term, undefined, 'not a voter any more')
    return
  }
  // A smaller majority may hold more than the old one did; new members should not wait for the next heartbeat.
  if (advanceCommit(raft, leader)) replicateToAll(raft, leader)
  else for (const [member, progress] of leader.progress) if (member !== id) replicateTo(raft, member, progress, false)
  if (raft.settings.unconfirmedReads === 'expire') answerConfirmedReads(raft, leader)
  const target = leader.transferTarget
  if (target !== undefined && !isVoter(membership, target)) abortTransfer(raft, leader, 'the target is not a voter any more')
}

/** New members start from nothing, but active: the next quorum check must not hold it against them that they have not spoken yet. */
function syncProgress(raft: RaftMachine, leader: Leader, membership: Membership, fresh: readonly string[]): void {
  const before = leader.progress
  leader.progress = new Map()
  for (const member of memberIds(membership)) {
    const known = fresh.includes(member) ? undefined : before.get(member)
    leader.progress.set(member, known ?? newProgress(raft, leader.nextSession++, 0, Math.max(raft.log.lastIndex, 1), true))
  }
  for (const member of leader.reads.confirmed.keys()) if (!isMember(membership, member)) leader.reads.confirmed.delete(member)
  for (const member of leader.lease.heard.keys())
    if (!isMember(membership, member) || fresh.includes(member)) leader.lease.heard.delete(member)
}

/** §6: between becoming joint and leaving it nothing else can be changed, so leave as soon as the joint membership is applied. */
export function leaveJointIfDue(raft: RaftMachine, applied: Index): void {
  const { state: role } = raft
  if (role.name !== 'leader' || !raft.membership.autoLeave || applied < role.pendingChange) return
  raft.proposeMembership({ transition: 'auto', changes: [], context: undefined })
}
