import type { StepResult } from './api.ts'
import { leaseHolds } from './lease.ts'
import type { Index, NodeId } from './log/entry.ts'
import { committedIndex } from './membership/quorum.ts'
import type { MessageOf } from './messages.ts'
import type { RaftMachine } from './raft.ts'
import { hasCommittedInTerm } from './replication/commit.ts'
import { broadcastHeartbeat } from './replication/send.ts'
import type { Follower, Leader, Role } from './roles.ts'

/** Who asks: this node's own application, or a follower under its name. `waited`: through a whole election timeout of this leader. */
export type ReadRequest = { readonly from: NodeId; readonly context: string; waited?: boolean }
type OpenRead = ReadRequest & { readonly token: number; readonly index: Index }

/**
 * Reads that wait for a quorum to say that this node still leads (thesis §6.4). Tokens are made here and only grow: a client's own
 * name for a read, used twice, could be confirmed by the answer to the first.
 */
export type LeaderReads = { nextToken: number; open: OpenRead[]; readonly confirmed: Map<NodeId, number> }

export function newLeaderReads(): LeaderReads {
  return { nextToken: 1, open: [], confirmed: new Map() }
}

export function newestToken(reads: LeaderReads): number {
  return reads.open.at(-1)?.token ?? 0
}

const taken: StepResult = { accepted: true }

/** The application asks. By lease: at `leaseAt`, if one holds then; a follower has none, so it asks for a quorum. */
export function startRead(raft: RaftMachine, context: string, leaseAt: number | undefined): StepResult {
  const { state: role } = raft
  if (role.name === 'leader' && leaseAt !== undefined && leaseHolds(raft, role, leaseAt))
    answerRead(raft, { from: raft.id, context }, raft.log.commit, 'the lease holds')
  else if (role.name === 'leader') openRead(raft, role, { from: raft.id, context })
  else if (role.name === 'follower' && role.leader !== undefined) {
    if (raft.settings.unconfirmedReads === 'expire') raft.forwardedReads.set(context, raft.settings.electionTicks)
    raft.post({ type: 'readIndex', from: raft.id, to: role.leader, term: 0, context })
  } else return { accepted: false, reason: 'no-leader' }
  return taken
}

export function takeReadRequest(raft: RaftMachine, leader: Leader, { from, context }: MessageOf<'readIndex'>): void {
  openRead(raft, leader, { from, context })
}

/** Not the leader, but asked as if it were. Where reads expire, the asking node hears so at once and can ask the right one itself. */
export function passReadOn(raft: RaftMachine, follower: Follower, message: MessageOf<'readIndex'>): void {
  const { leader } = follower
  if (raft.settings.unconfirmedReads === 'expire' || leader === undefined) refuseRead(raft, message, 'not the leader')
  else raft.post({ ...message, to: leader })
}

export function refuseReadRequest(raft: RaftMachine, _role: Role, message: MessageOf<'readIndex'>): void {
  refuseRead(raft, message, 'no leader')
}

/** Thesis §6.4: a new leader does not know yet what is committed. Its reads wait until an entry of its own term is. */
function openRead(raft: RaftMachine, leader: Leader, request: ReadRequest): void {
  const { voters, outgoing } = raft.membership
  const oneVoter = voters.length === 1 && outgoing.length === 0
  // etcd asks nobody when there is one voter. We do wait for the first commit of the term: a restart may have forgotten a commit index.
  if (oneVoter && raft.settings.unconfirmedReads === 'drop') return answerRead(raft, request, raft.log.commit, 'there is one voter')
  if (!hasCommittedInTerm(raft)) {
    raft.readsAwaitingCommit.push(request)
    if (raft.trace) raft.trace({ type: 'readWaits', context: request.context, because: 'nothing of this term is committed yet' })
    return
  }
  if (raft.settings.readMode === 'unbounded-lease') return answerRead(raft, request, raft.log.commit, 'nobody votes while it leads')
  if (oneVoter && voters[0] === raft.id) return answerRead(raft, request, raft.log.commit, 'it is the only voter')
  const { reads } = leader
  const { from, context, waited = false } = request
  reads.open.push({ from, context, waited, token: reads.nextToken++, index: raft.log.commit })
  broadcastHeartbeat(raft, leader, newestToken(reads))
}

export function answerReadsAwaitingCommit(raft: RaftMachine, leader: Leader): void {
  if (raft.readsAwaitingCommit.length === 0 || !hasCommittedInTerm(raft)) return
  const waiting = raft.readsAwaitingCommit
  raft.readsAwaitingCommit = []
  for (const request of waiting) openRead(raft, leader, request)
}

/** An answer to a heartbeat confirms every read up to its token; a quorum of them answers those reads. Learners never count. */
export function confirmReads(raft: RaftMachine, leader: Leader, from: NodeId, token: number): void {
  const { reads } = leader
  if (token === 0 || token >= reads.nextToken || reads.open.length === 0) return
  reads.confirmed.set(from, Math.max(token, reads.confirmed.get(from) ?? 0))
  answerConfirmedReads(raft, leader)
}

/** Also when the membership changed: the reads that wait may have their quorum now, and a leader left alone hears no more answers. */
export function answerConfirmedReads(raft: RaftMachine, { reads }: Leader): void {
  if (reads.open.length === 0) return
  const upTo = committedIndex(raft.membership, id => (id === raft.id ? Infinity : reads.confirmed.get(id)))
  const waiting = reads.open.findIndex(read => read.token > upTo)
  for (const read of reads.open.splice(0, waiting === -1 ? reads.open.length : waiting))
    answerRead(raft, read, read.index, 'a quorum confirms')
}

/**
 * Once in every election timeout: a read that has waited for a whole one is given up. Without a quorum that answers, or with one that
 * cannot save what this leader has to commit first, it would wait for ever.
 */
export function expireLeaderReads(raft: RaftMachine, { reads }: Leader): void {
  if (raft.settings.unconfirmedReads === 'drop') return
  const late = [...reads.open, ...raft.readsAwaitingCommit].filter(read => read.waited)
  reads.open = reads.open.filter(read => !read.waited)
  raft.readsAwaitingCommit = raft.readsAwaitingCommit.filter(read => !read.waited)
  for (const read of [...reads.open, ...raft.readsAwaitingCommit]) read.waited = true
  for (const read of late) refuseRead(raft, read, 'no quorum confirmed it within an election timeout')
}

function answerRead(raft: RaftMachine, { from, context }: ReadRequest, index: Index, because: string): void {
  if (raft.trace) raft.trace({ type: 'read', context, index, because })
  if (from === raft.id) raft.readsAnswered.push({ context, index })
  else raft.post({ type: 'readIndexReply', from: raft.id, to: from, term: raft.term, context, index })
}

export function takeReadReply(raft: RaftMachine, _follower: Follower, { context, index }: MessageOf<'readIndexReply'>): void {
  const wasWaiting = raft.forwardedReads.delete(context)
  if (raft.settings.unconfirmedReads === 'expire' && !wasWaiting) return
  if (index !== undefined) raft.readsAnswered.push({ context, index })
  else expire(raft, context, 'the leader cannot confirm it')
}

/** A node that no longer leads, or follows another leader, will not be able to answer. Never silently. */
export function abandonReads(raft: RaftMachine, before: Role, after: Role): void {
  if (raft.settings.unconfirmedReads === 'drop') return
  if (before.name === 'leader') {
    const waiting = [...before.reads.open, ...raft.readsAwaitingCommit]
    raft.readsAwaitingCommit = []
    for (const request of waiting) refuseRead(raft, request, 'not the leader any more')
  }
  if (after.name === 'follower' && before.name === 'follower' && after.leader === before.leader) return
  for (const context of raft.forwardedReads.keys()) expire(raft, context, 'the leader changed')
  raft.forwardedReads.clear()
}

function refuseRead(raft: RaftMachine, { from, context }: ReadRequest, because: string): void {
  if (raft.settings.unconfirmedReads === 'drop') return
  if (from === raft.id) expire(raft, context, because)
  else raft.post({ type: 'readIndexReply', from: raft.id, to: from, term: raft.term, context, index: undefined })
}

/** A request or its answer may be lost: a forwarded read waits no longer than an election timeout. */
export function tickForwardedReads(raft: RaftMachine): void {
  for (const [context, ticks] of raft.forwardedReads) {
    if (ticks > 1) raft.forwardedReads.set(context, ticks - 1)
    else {
      raft.forwardedReads.delete(context)
      expire(raft, context, 'no answer within an election timeout')
    }
  }
}

function expire(raft: RaftMachine, context: string, because: string): void {
  if (raft.trace) raft.trace({ type: 'read', context, index: undefined, because })
  raft.readsAnswered.push({ context, expired: true })
}
