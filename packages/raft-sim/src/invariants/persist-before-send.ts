import type { MessageOf, NodeId, Term } from 'raft-core'
import type { Ghost, NodeGhost } from './ghost.ts'
import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'

/** A promise that a power cut can break must not be heard by anybody. Pre-votes promise nothing. */
export const persistBeforeSend: Invariant = {
  name: 'persist-before-send',
  section: '3.9',
  paper: '§5, Fig. 2 ("persistent state"), thesis §10.2.1',
  statement: 'What a message promises is on disk when it leaves: its term, a vote, acknowledged entries, a snapshot.',

  sends(ghost, node, message) {
    const { type, term } = message
    if (type === 'preVote' || type === 'preVoteReply') return
    if (term > node.disk.term) {
      throw new Violation(this.name, node.id, `${node.id} sends ${type} of term ${term}; its disk knows only term ${node.disk.term}`)
    }
    if (type === 'appendReply') checkAcknowledgement(ghost, node, message)
    else if (type === 'voteReply' && message.granted && !isVoteKept(node, term, message.to)) {
      throw new Violation(this.name, node.id, `${node.id} grants its vote in term ${term} to ${message.to} before it is on disk`)
    } else if (type === 'requestVote' && !isVoteKept(node, term, node.id)) {
      throw new Violation(this.name, node.id, `${node.id} asks for votes in term ${term} before its own vote is on disk`)
    }
  },

  applies(_ghost, node, entry, chain) {
    const { log } = node.disk
    // A disk that has room for the position may still hold what this entry replaces.
    if (entry.index < log.base || log.chainAt(entry.index) === chain) return
    throw new Violation(this.name, node.id, `${node.id} applies entry ${entry.index} before it is on disk`)
  },

  compacts(_ghost, node, index) {
    if (index <= node.disk.snapshotIndex) return
    throw new Violation(
      this.name,
      node.id,
      `${node.id} forgets its log up to ${index}; its snapshot on disk is at ${node.disk.snapshotIndex}`,
    )
  },
}

/** A later term on disk keeps the vote too: the node can give no other in a term that is over for it. */
function isVoteKept({ disk }: NodeGhost, term: Term, candidate: NodeId): boolean {
  const vote = disk.votes.get(term)
  return vote === candidate || (vote === undefined && disk.term > term)
}

/**
 * The disk must match the log of the leader to whom it is said, up to the index that is said. Not so once a later term is on disk: a
 * later leader may have replaced the entries between the promise and the save. No majority can come of such answers, since whoever
 * voted for that later leader compared logs with the entries still in its own.
 */
function checkAcknowledgement(ghost: Ghost, node: NodeGhost, { accepted, index, term, to }: MessageOf<'appendReply'>): void {
  if (!accepted || index === 0 || term < node.disk.term) return
  const { log } = node.disk
  if (log.last < index) {
    throw new Violation(persistBeforeSend.name, node.id, `${node.id} acknowledges ${index} to ${to}; its disk has ${log.last}`)
  }
  // What a snapshot covers is committed, and the leader has it for that reason.
  const theirs = ghost.leaders.get(term)?.log
  if (theirs === undefined || index < log.base || index < theirs.base) return
  if (theirs.chainAt(index) === log.chainAt(index)) return
  throw new Violation(
    persistBeforeSend.name,
    node.id,
    `${node.id} acknowledges ${index} to ${to}; its disk has other entries than that leader`,
  )
}
