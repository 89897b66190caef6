import type { ProgressStatus, Status } from './api.ts'
import type { NodeId } from './log/entry.ts'
import { isLearner } from './membership/membership.ts'
import type { RaftMachine } from './raft.ts'
import type { Progress } from './replication/progress.ts'

export function statusOf(raft: RaftMachine): Status {
  const { state: role, log, membership } = raft
  const progress = role.name === 'leader' ? [...role.progress].map(([id, member]) => progressOf(raft, id, member)) : []
  return {
    id: raft.id,
    role: role.name,
    leader: raft.leader,
    term: raft.term,
    vote: raft.vote,
    commit: log.commit,
    applied: log.applied,
    saved: log.saved,
    first: log.firstIndex,
    last: log.last,
    repairing: raft.repair !== undefined,
    membership,
    membershipIndex: raft.membershipIndex,
    transferTarget: role.name === 'leader' ? role.transferTarget : undefined,
    progress,
  }
}

function progressOf(raft: RaftMachine, id: NodeId, progress: Progress): ProgressStatus {
  const { flow } = progress
  return {
    id,
    state: flow.state,
    match: progress.match,
    next: progress.next,
    learner: isLearner(raft.membership, id),
    paused: progress.isPaused,
    active: progress.active || id === raft.id,
    repairing: progress.repair !== undefined,
    pendingSnapshot: flow.state === 'snapshot' ? flow.index : 0,
    inflight: progress.inflight?.count ?? 0,
    inflightFull: progress.windowIsFull,
  }
}
