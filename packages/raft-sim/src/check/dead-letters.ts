import type { Message } from 'raft-core'
import type { Bounds } from './bounds.ts'
import type { NodeView } from './node-view.ts'

/**
 * Whether a message that is still on its way can never again mean anything to its receiver. Such messages are dropped, or every one would
 * double the states. That is not taken on trust: at the end of a search every state that a node was found in is given every message that
 * this function calls dead for it, and must not stir. Judged by the disk, which a crash leaves as it is.
 */
export function isDead(message: Message, { disk, role, term, matches }: NodeView, { preVote, changes }: Bounds): boolean {
  if (message.term > disk.term) return false
  const over = message.term < disk.term
  switch (message.type) {
    case 'requestVote':
      return over
    case 'appendEntries':
    case 'heartbeat':
      // With pre-vote the old leader is told of the new term, and so it is by whoever is no voter.
      return over && !preVote && changes === 0
    case 'voteReply':
      // A refusal may tell of a commit index, whatever its term. Nobody stands twice in one term.
      return message.commit.index <= disk.commit && (over || !(role === 'candidate' && term === message.term))
    case 'appendReply': {
      // Nobody leads a term again.
      if (over || (term === message.term && (role === 'follower' || role === 'preCandidate'))) return true
      const match = role === 'leader' && term === message.term ? matches.get(message.from) : undefined
      return !preVote && message.accepted && match !== undefined && message.index < match
    }
    case 'heartbeatReply':
      return over || (term === message.term && (role === 'follower' || role === 'preCandidate'))
    default:
      return false
  }
}
