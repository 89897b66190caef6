import { rememberPromise } from '../lease.ts'
import type { Index, NodeId, Term } from '../log/entry.ts'
import type { Message, MessageOf } from '../messages.ts'
import type { RaftMachine } from '../raft.ts'
import type { Leader } from '../roles.ts'
import { abortTransfer } from '../transfer.ts'
import { newProgress } from './progress.ts'

/**
 * A node whose disk has lost part of its log fills it again from a leader. What it once acknowledged may be gone, so meanwhile it
 * neither votes nor campaigns, and says so in every answer: the leader then starts it from nothing, in a new session, and counts
 * nothing of it. Whoever was elected without its vote holds all that was ever committed with its help (§5.4.3, two majorities meet in
 * another node), and so does whoever led when it acknowledged. Once it has saved the whole log of such a leader, it is as good as any.
 */
export type Repair = {
  /** The log in memory holds all of this leader's log, as that stood when the leader heard of the repair. */
  whole: { readonly term: Term; readonly upTo: Index } | undefined
  /** All of it is saved; `told`: and a Ready has said so. */
  state: 'filling' | 'saved' | 'told'
}

export function newRepair(): Repair {
  return { whole: undefined, state: 'filling' }
}

/** Every answer of a node that repairs its log says so. */
export function marked(message: Message): Message {
  const isAnswer =
    message.type === 'appendReply' || message.type === 'heartbeatReply' || message.type === 'voteReply' || message.type === 'preVoteReply'
  return isAnswer ? { ...message, repairing: true } : message
}

/** On the node: it agrees with its leader up to `index`. */
export function noteAgreement(raft: RaftMachine, { repair: upTo }: MessageOf<'appendEntries'>, index: Index): void {
  if (raft.repair === undefined || upTo === undefined || index < upTo) return
  raft.repair.whole ??= { term: raft.term, upTo }
  // Of an earlier leader's log only a part may have been saved before this one's took its place.
  if (raft.repair.whole.term < raft.term) raft.repair.whole = { term: raft.term, upTo }
}

/** On the node, after each save. */
export function noteSaved(raft: RaftMachine): void {
  const { repair, log } = raft
  if (repair?.state !== 'filling' || repair.whole?.term !== raft.term) return
  if (log.snapshot === undefined && log.saved >= repair.whole.upTo) repair.state = 'saved'
}

/** On the node: that the log is whole is saved. From here on it is a member like any other. */
export function endRepair(raft: RaftMachine): void {
  raft.repair = undefined
  // Only now does its log tell what it may have promised before.
  rememberPromise(raft)
  if (raft.trace) raft.trace({ type: 'repaired', last: raft.log.last })
}

/** On the leader: this member starts from nothing, and counts for nothing before its log is as long as ours is now. */
export function openRepairSession(raft: RaftMachine, leader: Leader, id: NodeId): void {
  const { lastIndex } = raft.log
  const progress = newProgress(raft, leader.nextSession++, 0, lastIndex + 1, true)
  progress.repair = lastIndex
  leader.progress.set(id, progress)
  if (raft.trace) raft.trace({ type: 'progress', id, state: 'probe', because: 'it repairs its log' })
  if (leader.transferTarget === id) abortTransfer(raft, leader, `${id} repairs its log`)
}
