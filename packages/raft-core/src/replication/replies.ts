import { recordPromise } from '../lease.ts'
import type { NodeId } from '../log/entry.ts'
import { promoteCaughtUp } from '../membership/promotion.ts'
import type { MessageOf } from '../messages.ts'
import type { RaftMachine } from '../raft.ts'
import { answerReadsAwaitingCommit, confirmReads } from '../reads.ts'
import type { Leader } from '../roles.ts'
import { sendTimeoutNow } from '../transfer.ts'
import { advanceCommit } from './commit.ts'
import type { Progress } from './progress.ts'
import { openRepairSession } from './repair.ts'
import { replicateTo, replicateToAll } from './send.ts'

/** §5.3: what a follower answers to entries, or to a snapshot. Also the leader's own answer, once its disk has its entries. */
export function recordAppendReply(raft: RaftMachine, leader: Leader, reply: MessageOf<'appendReply'>): void {
  const progress = leader.progress.get(reply.from)
  if (!progress) return raft.ignore(reply, 'not a member')
  progress.active = true
  if (reply.repairing && progress.repair === undefined) return beginRepair(raft, leader, reply.from)
  if (reply.session !== progress.session)
    return raft.ignore(reply, `an answer from before ${progress.repair === undefined ? 'it was removed' : 'its repair'}`)
  if (progress.repair !== undefined) return recordRepair(raft, leader, reply, progress)
  if (reply.accepted) recordAcceptance(raft, leader, reply, progress)
  else recordRejection(raft, reply, progress)
}

/** Whatever it answers: it has nothing, as far as we know, until it says otherwise in a session of its own. */
function beginRepair(raft: RaftMachine, leader: Leader, id: NodeId): void {
  openRepairSession(raft, leader, id)
  replicateTo(raft, id, leader.progress.get(id)!, true)
}

/** The answers of a repair move the flow, and commit nothing; the first without the mark is an acknowledgement like any other. */
function recordRepair(raft: RaftMachine, leader: Leader, reply: MessageOf<'appendReply'>, progress: Progress): void {
  // What it had before it does not have now: its disk was damaged once more.
  if (!reply.accepted && reply.index <= progress.match) return beginRepair(raft, leader, reply.from)
  if (!reply.repairing) {
    progress.repair = undefined
    if (raft.trace) raft.trace({ type: 'progress', id: reply.from, state: progress.flow.state, because: 'its log is repaired' })
  }
  if (!reply.accepted) return recordRejection(raft, reply, progress)
  recordAcceptance(raft, leader, reply, progress)
  // What it holds was known before and counts only now.
  if (!reply.repairing) moveCommit(raft, leader)
}

function recordRejection(raft: RaftMachine, reply: MessageOf<'appendReply'>, progress: Progress): void {
  // The follower's hint is its last entry of a term not later than the one we tried. We need none of our entries of a later term than that.
  const hint = reply.hint.term > 0 ? raft.log.lastNotAfter(reply.hint.index, reply.hint.term).index : reply.hint.index
  if (!progress.backtrack(reply.index, hint)) return raft.ignore(reply, 'an old rejection')
  if (progress.flow.state === 'replicate') {
    progress.probe()
    if (raft.trace) raft.trace({ type: 'progress', id: reply.from, state: 'probe', because: `its log does not hold ${reply.index}` })
  }
  replicateTo(raft, reply.from, progress, true)
}

function recordAcceptance(raft: RaftMachine, leader: Leader, reply: MessageOf<'appendReply'>, progress: Progress): void {
  const { from, index } = reply
  if (index > raft.log.lastIndex) return raft.ignore(reply, 'acknowledges more than was sent')
  const isNews = progress.acknowledge(index)
  if (!isNews && !(progress.match === index && progress.flow.state === 'probe')) return
  resumeFlow(raft, from, progress, index)
  // Only what reaches beyond the commit index can move it.
  const moved = progress.match > raft.log.commit && moveCommit(raft, leader)
  if (!moved && from !== raft.id && progress.wantsCommit(raft.log.commit)) replicateTo(raft, from, progress, true)
  // The acknowledgement may have made room for several messages.
  if (from !== raft.id) while (replicateTo(raft, from, progress, false)) {}
  if (from === leader.transferTarget && progress.counted === raft.log.lastIndex) sendTimeoutNow(raft, from)
  if (raft.membership.promoting.length > 0) promoteCaughtUp(raft, leader)
}

function moveCommit(raft: RaftMachine, leader: Leader): boolean {
  if (!advanceCommit(raft, leader)) return false
  answerReadsAwaitingCommit(raft, leader)
  replicateToAll(raft, leader)
  return true
}

function resumeFlow(raft: RaftMachine, id: NodeId, progress: Progress, acknowledged: number): void {
  const { flow } = progress
  if (flow.state === 'replicate') return flow.inflight.freeTo(acknowledged)
  // A snapshot is over as soon as the follower's log meets ours, even if that was not the snapshot's doing.
  if (flow.state === 'snapshot' && progress.match + 1 < raft.log.firstIndex) return
  if (flow.state === 'snapshot') progress.probe()
  progress.replicate()
  if (raft.trace) raft.trace({ type: 'progress', id, state: 'replicate', because: `its log agrees up to ${acknowledged}` })
}

export function recordHeartbeatReply(raft: RaftMachine, leader: Leader, reply: MessageOf<'heartbeatReply'>): void {
  const progress = leader.progress.get(reply.from)
  if (!progress) return raft.ignore(reply, 'not a member')
  progress.active = true
  if (reply.repairing && progress.repair === undefined) return beginRepair(raft, leader, reply.from)
  progress.resume()
  // A repair ends on the member with a message that says how far it goes, and here with an answer without the mark. When all is sent, or a
  // snapshot reached the end of our log, there may never again be entries that bring those about.
  const isRepair = progress.repair !== undefined
  if (isRepair || progress.match < raft.log.lastIndex || progress.flow.state === 'probe') replicateTo(raft, reply.from, progress, true)
  if (reply.repairing) return
  if (reply.sentAt !== undefined) recordPromise(raft, leader, reply.from, reply.sentAt)
  confirmReads(raft, leader, reply.from, reply.readToken)
}
