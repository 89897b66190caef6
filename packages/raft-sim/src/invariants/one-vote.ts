import type { NodeId, Term } from 'raft-core'
import type { NodeGhost } from './ghost.ts'
import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'

/** Counts what has left the node: a vote that was taken back unheard did no harm. Who asks for votes has voted for itself. */
export const oneVote: Invariant = {
  name: 'one-vote',
  section: '3.2',
  paper: '§5.2',
  statement: 'A node votes for at most one candidate in a term, across restarts.',

  steps(_ghost, node) {
    const term = node.disk.twoVotesIn
    if (term !== undefined)
      throw new Violation(
        this.name,
        node.id,
        `the disk of ${node.id} has held two votes in term ${term}: a crash would have kept the first`,
      )
  },

  sends(_ghost, node, message) {
    if (message.type === 'voteReply' && message.granted) check(node, message.term, message.to)
    else if (message.type === 'requestVote') check(node, message.term, node.id)
  },
}

function check(node: NodeGhost, term: Term, candidate: NodeId): void {
  const before = node.grants.get(term)
  if (before === undefined || before === candidate) return
  throw new Violation(oneVote.name, node.id, `${node.id} votes for ${candidate} in term ${term}, in which it has voted for ${before}`)
}
