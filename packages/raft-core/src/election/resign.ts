import type { NodeId } from '../log/entry.ts'
import { isVoter } from '../membership/membership.ts'
import type { RaftMachine } from '../raft.ts'
import type { Leader } from '../roles.ts'
import { becomeFollower } from '../roles.ts'

/**
 * A leader whose disk hangs can neither append nor count itself, yet its heartbeats would keep everybody loyal. So it asks the voter
 * that has most of the log to campaign (thesis §3.10), and steps down at once: unlike a transfer, this waits for nothing.
 */
export function handOver(raft: RaftMachine, leader: Leader, reason: string): void {
  const successor = mostAdvanced(raft, leader)
  if (successor !== undefined) {
    const index = leader.progress.get(successor)!.match
    const lastEntry = { term: raft.log.termAt(index)!, index }
    if (raft.trace) raft.trace({ type: 'transfer', target: successor, what: 'timeoutNow', because: 'it has most of the log' })
    raft.post({ type: 'timeoutNow', from: raft.id, to: successor, term: raft.term, lastEntry })
  }
  becomeFollower(raft, raft.term, undefined, `resigns: ${reason}`)
}

/** Whoever lacks even what the leader no longer has in its log lacks committed entries: it would be asked in vain. */
function mostAdvanced(raft: RaftMachine, leader: Leader): NodeId | undefined {
  let best: NodeId | undefined
  for (const [id, progress] of leader.progress) {
    if (id === raft.id || !isVoter(raft.membership, id) || !progress.active || progress.repair !== undefined) continue
    if (raft.log.termAt(progress.match) === undefined) continue
    if (best === undefined || progress.match > leader.progress.get(best)!.match) best = id
  }
  return best
}
