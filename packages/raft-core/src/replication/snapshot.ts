import type { NodeId } from '../log/entry.ts'
import { isMember } from '../membership/membership.ts'
import type { MessageOf, Snapshot } from '../messages.ts'
import type { RaftMachine } from '../raft.ts'
import type { Candidate, Follower, Leader, PreCandidate } from '../roles.ts'
import { becomeFollower } from '../roles.ts'
import { traceDropped } from './append.ts'
import { commitTo } from './commit.ts'
import { followLeader } from './follow.ts'

export function yieldToSnapshot(raft: RaftMachine, _role: PreCandidate | Candidate, message: MessageOf<'installSnapshot'>): void {
  acceptSnapshot(raft, becomeFollower(raft, raft.term, message.from, `${message.from} leads`), message)
}

/** §7, Fig. 13. */
export function acceptSnapshot(raft: RaftMachine, follower: Follower, message: MessageOf<'installSnapshot'>): void {
  followLeader(raft, follower, message.from)
  const installed = install(raft, message.snapshot)
  const index = installed ? raft.log.lastIndex : raft.log.commit
  const { from: to, session } = message
  const hint = { term: 0, index: 0 }
  raft.promise({ type: 'appendReply', from: raft.id, to, term: raft.term, session, accepted: true, index, hint })
}

function install(raft: RaftMachine, snapshot: Snapshot): boolean {
  const { log } = raft
  const tell = (what: 'installed' | 'forwarded' | 'refused', because: string): false => {
    if (raft.trace) raft.trace({ type: 'snapshot', index: snapshot.index, term: snapshot.term, what, because })
    return false
  }
  if (snapshot.index <= log.commit) return tell('refused', `committed up to ${log.commit} already`)
  if (raft.settings.snapshotsMustNameNode && !isMember(snapshot.membership, raft.id)) return tell('refused', 'not a member in it')
  if (log.holds(snapshot)) {
    // Fig. 13 step 6: our log agrees up to there, and what follows stays. Where it does not agree all of it goes, or it would be refused for ever.
    commitTo(raft, snapshot.index)
    return tell('forwarded', 'the log holds it already')
  }
  if (raft.trace && log.commit < log.lastIndex)
    traceDropped(raft, raft.trace, log.commit + 1, 'a snapshot takes the place of the whole log')
  log.restore(snapshot)
  tell('installed', 'the log is behind')
  raft.restoreMembership(snapshot)
  return true
}

/** The transfer has ended, as far as the driver can tell. Received: its acknowledgement will say so. Failed: try again after a heartbeat. */
export function recordSnapshotOutcome(raft: RaftMachine, leader: Leader, id: NodeId, outcome: 'received' | 'failed'): void {
  const progress = leader.progress.get(id)
  if (progress?.flow.state !== 'snapshot') return
  if (outcome === 'failed') progress.flow = { state: 'snapshot', index: 0 }
  progress.probe()
  progress.pause()
  if (raft.trace)
    raft.trace({
      type: 'progress',
      id,
      state: 'probe',
      because: outcome === 'received' ? 'the snapshot was received' : 'the snapshot failed',
    })
}
