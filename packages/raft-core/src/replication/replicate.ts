import type { Entry, NodeId } from '../log/entry.ts'
import { payloadBytes } from '../log/entry.ts'
import type { MessageOf } from '../messages.ts'
import { promoteCaughtUp } from '../membership/promotion.ts'
import type { RaftMachine } from '../raft.ts'
import { answerReadsAwaitingCommit, confirmReads, newestToken } from '../reads.ts'
import type { Leader } from '../roles.ts'
import { sendTimeoutNow } from '../transfer.ts'
import { advanceCommit } from './commit.ts'
import type { Progress } from './progress.ts'
import { sendSnapshot } from './snapshot.ts'

/** §5.3: to every other member, also when there is nothing new: the message carries the commit index. */
export function replicateToAll(raft: RaftMachine, leader: Leader): void {
  for (const [id, progress] of leader.progress) if (id !== raft.id) replicateTo(raft, id, progress, true)
}

/** What comes next for this member, as far as its flow allows. Returns whether anything was sent. */
export function replicateTo(raft: RaftMachine, id: NodeId, progress: Progress, evenIfEmpty: boolean): boolean {
  if (progress.isPaused) return false
  const { log } = raft
  const afterIndex = progress.next - 1
  const afterTerm = log.termAt(afterIndex)
  if (afterTerm === undefined) return sendSnapshot(raft, id, progress)
  // A full window still lets an empty message through: if all that filled it was lost, its answer says so.
  const entries = progress.windowIsFull ? nothing : log.slice(progress.next, log.lastIndex, raft.settings.maxMessageBytes)
  if (entries.length === 0 && !evenIfEmpty) return false
  raft.post({
    type: 'appendEntries',
    from: raft.id,
    to: id,
    term: raft.term,
    session: progress.session,
    after: { term: afterTerm, index: afterIndex },
    entries,
    commit: log.commit,
  })
  progress.sent(entries.length, raft.settings.maxInflightBytes === Infinity ? 0 : bytesOf(entries))
  progress.sentCommit = log.commit
  return true
}

const nothing: readonly Entry[] = []

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0
  for (const entry of entries) bytes += payloadBytes(entry)
  return bytes
}

/** §5.3: what a follower answers to entries, or to a snapshot. Also the leader's own answer, once its disk has its entries. */
export function recordAppendReply(raft: RaftMachine, leader: Leader, reply: MessageOf<'appendReply'>): void {
  const progress = leader.progress.get(reply.from)
  if (!progress) return raft.ignore(reply, 'not a member')
  progress.active = true
  if (reply.session !== progress.session) return raft.ignore(reply, 'an answer from before it was removed')
  if (reply.accepted) recordAcceptance(raft, leader, reply, progress)
  else recordRejection(raft, reply, progress)
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
  if (advanceCommit(raft, leader)) {
    answerReadsAwaitingCommit(raft, leader)
    replicateToAll(raft, leader)
  } else if (from !== raft.id && progress.wantsCommit(raft.log.commit)) replicateTo(raft, from, progress, true)
  // The acknowledgement may have made room for several messages.
  if (from !== raft.id) while (replicateTo(raft, from, progress, false)) {}
  if (from === leader.transferTarget && progress.match === raft.log.lastIndex) sendTimeoutNow(raft, from)
  if (raft.membership.promoting.length > 0) promoteCaughtUp(raft, leader)
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

/** §5.2. While a read waits, every heartbeat carries its token, so that any answer can confirm it. */
export function broadcastHeartbeat(raft: RaftMachine, leader: Leader): void {
  const readToken = newestToken(leader.reads)
  for (const [id, progress] of leader.progress) {
    if (id === raft.id) continue
    // No more than the member is known to hold: it commits what we tell it to.
    const commit = Math.min(progress.match, raft.log.commit)
    raft.post({ type: 'heartbeat', from: raft.id, to: id, term: raft.term, commit, readToken })
    progress.sentCommit = commit
  }
}

export function recordHeartbeatReply(raft: RaftMachine, leader: Leader, reply: MessageOf<'heartbeatReply'>): void {
  const progress = leader.progress.get(reply.from)
  if (!progress) return raft.ignore(reply, 'not a member')
  progress.active = true
  progress.resume()
  if (progress.match < raft.log.lastIndex || progress.flow.state === 'probe') replicateTo(raft, reply.from, progress, true)
  confirmReads(raft, leader, reply.from, reply.readToken)
}
