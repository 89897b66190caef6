import type { RaftMachine } from '../raft.ts'
import type { Leader } from '../roles.ts'
import { isJoint, isLearner } from './membership.ts'

/**
 * Thesis §4.2.1: a new server is a learner until it has caught up, so that it never costs availability. Caught up: it holds what was
 * committed at the last heartbeat, and streams. One promotion at a time, like every membership change.
 */
export function promoteCaughtUp(raft: RaftMachine, leader: Leader): void {
  if (leader.pendingChange > raft.log.applied || isJoint(raft.membership) || leader.transferTarget !== undefined) return
  for (const id of raft.membership.promoting) {
    const progress = leader.progress.get(id)
    if (!isLearner(raft.membership, id) || progress?.flow.state !== 'replicate' || !progress.active) continue
    if (progress.counted < leader.commitAtHeartbeat) continue
    raft.proposeMembership({ transition: 'auto', changes: [{ type: 'voter', id }], context: undefined })
    return
  }
}
