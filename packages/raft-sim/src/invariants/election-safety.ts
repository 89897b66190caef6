import type { NodeId, Term } from 'raft-core'
import type { Ghost, NodeGhost } from './ghost.ts'
import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'
import { quorumHas } from './quorum.ts'

/** Over the whole run, not only at one time: two leaders of one term need not meet. */
export const electionSafety: Invariant = {
  name: 'election-safety',
  section: '3.1',
  paper: '§5.2, Fig. 3',
  statement: 'A term has at most one leader, ever, and a majority of every active set of voters has voted for it.',

  elected(ghost, node, leader) {
    const other = ghost.leaders.get(leader.term)
    if (other !== undefined && other.id !== node.id)
      throw new Violation(this.name, node.id, `${node.id} became leader of term ${leader.term}, which ${other.id} had led already`)
    const isElected = node.membershipsInCall.some(membership => quorumHas(membership, id => hasVoted(ghost, id, leader.term, node)))
    if (!isElected) throw new Violation(this.name, node.id, `${node.id} leads term ${leader.term}, for which no majority has elected it`)
  },
}

/** Its own vote counts once it is on disk, that of others once it has left them. */
function hasVoted(ghost: Ghost, id: NodeId, term: Term, candidate: NodeGhost): boolean {
  if (id === candidate.id) return candidate.disk.votes.get(term) === id
  return ghost.nodes.get(id)?.grants.get(term) === candidate.id
}
