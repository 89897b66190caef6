import { isPromotable, tryCampaign } from './election/campaign.ts'
import { leaveJointIfDue } from './membership/apply-change.ts'
import { promoteCaughtUp } from './membership/promotion.ts'
import { voteOutcome } from './membership/quorum.ts'
import type { RaftMachine } from './raft.ts'
import { expireLeaderReads, newestToken, tickForwardedReads } from './reads.ts'
import { broadcastHeartbeat } from './replication/send.ts'
import type { Leader } from './roles.ts'
import { becomeFollower } from './roles.ts'
import { abortTransfer } from './transfer.ts'

export function tick(raft: RaftMachine, now: number | undefined): void {
  if (now !== undefined) raft.now = Math.max(Math.floor(now), raft.now ?? 0)
  raft.log.tick()
  if (raft.promisedTicks > 0) raft.promisedTicks--
  if (raft.forwardedReads.size > 0) tickForwardedReads(raft)
  if (raft.state.name === 'leader') tickLeader(raft, raft.state)
  else tickElection(raft)
}

/** §5.2: no sign of a leader for the time that was drawn. */
function tickElection(raft: RaftMachine): void {
  raft.elapsed++
  if (!isPromotable(raft) || raft.elapsed < raft.electionTimeout) return
  raft.elapsed = 0
  tryCampaign(raft, 'timeout')
}

function tickLeader(raft: RaftMachine, leader: Leader): void {
  raft.heartbeatElapsed++
  raft.elapsed++
  if (raft.elapsed >= raft.settings.electionTicks) {
    raft.elapsed = 0
    if (raft.settings.checkQuorum && !holdsQuorum(raft, leader)) {
      becomeFollower(raft, raft.term, undefined, 'has not heard from a quorum')
      return
    }
    abortTransfer(raft, leader, 'not done within an election timeout')
    expireLeaderReads(raft, leader)
  }
  if (raft.heartbeatElapsed < raft.settings.heartbeatTicks) return
  raft.heartbeatElapsed = 0
  broadcastHeartbeat(raft, leader, newestToken(leader.reads))
  if (raft.membership.promoting.length > 0) promoteCaughtUp(raft, leader)
  // A transfer may have stood in the way when the joint membership was applied.
  if (raft.settings.untakenChange === 'refuse') leaveJointIfDue(raft, raft.log.applied)
  leader.commitAtHeartbeat = raft.log.commit
}

/** Thesis §6.2: a leader that is cut off must not keep clients waiting. Everybody has to speak again before the next check. */
function holdsQuorum(raft: RaftMachine, leader: Leader): boolean {
  const outcome = voteOutcome(raft.membership, id => id === raft.id || leader.progress.get(id)?.active === true)
  for (const [id, progress] of leader.progress) if (id !== raft.id) progress.active = false
  return outcome === 'won'
}
