import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'
import { quorumHas } from './quorum.ts'

/** Looks once in each timeout and forgives the one that has begun: two in all, and one more for what began just before. */
const timeouts = 3

/** A leader that sends and cannot hear would keep everybody loyal, and get nothing done, for ever. */
export const checkQuorum: Invariant = {
  name: 'check-quorum',
  section: '2',
  paper: 'thesis §6.2',
  statement: 'A leader that has not heard from a quorum for some election timeouts of its own clock leads no more.',

  ticks(ghost, node, core) {
    if (core.role !== 'leader' || node.role !== 'leader' || !node.checkQuorum) return
    const since = node.ticks - timeouts * node.electionTicks
    if (node.quorumExcusedAt >= since) return
    const heardAt = ghost.leaders.get(node.term)?.heardAt
    if (quorumHas(node.membership, id => id === node.id || (heardAt?.get(id) ?? 0) >= since)) return
    throw new Violation(this.name, node.id, `${node.id} leads term ${node.term}, and has not heard from a quorum for ${timeouts} timeouts`)
  },
}
