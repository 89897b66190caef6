import type { StepResult } from './api.ts'
import type { NodeId } from './log/entry.ts'
import { isLearner } from './membership/membership.ts'
import type { MessageOf } from './messages.ts'
import type { RaftMachine } from './raft.ts'
import { replicateTo } from './replication/send.ts'
import type { Follower, Leader } from './roles.ts'

const taken: StepResult = { accepted: true }

/** Thesis §3.10: stop taking proposals, bring the target's log up to date, then tell it to campaign. Given up after an election timeout. */
export function startTransfer(raft: RaftMachine, leader: Leader, target: NodeId): StepResult {
  const progress = leader.progress.get(target)
  if (!progress) return { accepted: false, reason: 'the target is not a member' }
  if (isLearner(raft.membership, target)) return { accepted: false, reason: 'the target is a learner' }
  if (progress.repair !== undefined) return { accepted: false, reason: 'the target repairs its log' }
  if (leader.transferTarget === target) return taken
  abortTransfer(raft, leader, `${target} is the target now`)
  if (target === raft.id) return taken
  raft.elapsed = 0
  leader.transferTarget = target
  leader.lease.ended = true
  if (raft.trace) raft.trace({ type: 'transfer', target, what: 'started', because: 'asked for' })
  if (progress.match === raft.log.lastIndex) sendTimeoutNow(raft, target)
  else replicateTo(raft, target, progress, true)
  return taken
}

export function abortTransfer(raft: RaftMachine, leader: Leader, because: string): void {
  if (leader.transferTarget === undefined) return
  if (raft.trace) raft.trace({ type: 'transfer', target: leader.transferTarget, what: 'ended', because })
  leader.transferTarget = undefined
}

export function sendTimeoutNow(raft: RaftMachine, target: NodeId): void {
  if (raft.trace) raft.trace({ type: 'transfer', target, what: 'timeoutNow', because: 'it has the whole log' })
  raft.post({ type: 'timeoutNow', from: raft.id, to: target, term: raft.term, lastEntry: raft.log.last })
}

export function takeTransferRequest(raft: RaftMachine, leader: Leader, { target }: MessageOf<'transferLeader'>): void {
  startTransfer(raft, leader, target)
}

export function forwardTransfer(raft: RaftMachine, follower: Follower, target: NodeId): StepResult {
  if (follower.leader === undefined) return { accepted: false, reason: 'no-leader' }
  raft.post({ type: 'transferLeader', from: raft.id, to: follower.leader, term: raft.term, target })
  return taken
}

export function passTransferOn(raft: RaftMachine, follower: Follower, { target }: MessageOf<'transferLeader'>): void {
  forwardTransfer(raft, follower, target)
}
