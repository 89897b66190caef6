import type { Index } from 'raft-core'
import type { Ghost, LeaderGhost } from './ghost.ts'
import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'

/**
 * A chain hash covers all that lies before it, so the last committed index is enough. Looked at from both sides: a late
 * acknowledgement may commit an entry in an old term after the leader of a later one was elected, who must have it all the same.
 */
export const leaderCompleteness: Invariant = {
  name: 'leader-completeness',
  section: '3.5',
  paper: '§5.4, Fig. 3',
  statement: 'What was committed in a term is in the log of the leaders of all later terms.',

  elected(ghost, node, leader) {
    const index = ghost.committed.lastCommittedBefore(leader.term)
    if (holds(leader, index, ghost.committed.chainAt(index))) return
    throw new Violation(this.name, node.id, `${node.id} leads term ${leader.term} without entry ${index}, committed before`)
  },

  commits(ghost, node, to, leader) {
    if (leader === undefined || leader.term >= ghost.latestLedTerm) return
    const chain = leader.log.chainAt(to)
    for (const later of laterLeaders(ghost, leader)) {
      if (holds(later, to, chain)) continue
      throw new Violation(
        this.name,
        node.id,
        `${node.id} commits ${to} in term ${leader.term}, but ${later.id} leads term ${later.term} without it`,
      )
    }
  },
}

function holds({ log }: LeaderGhost, index: Index, chain: number | undefined): boolean {
  return index < log.base || log.chainAt(index) === chain
}

function laterLeaders(ghost: Ghost, leader: LeaderGhost): LeaderGhost[] {
  return [...ghost.leaders.values()].filter(({ term }) => term > leader.term)
}
