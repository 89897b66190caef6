import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'

/** Over the whole run, not only at one time: two leaders of one term need not meet. */
export const electionSafety: Invariant = {
  name: 'election-safety',
  section: '3.1',
  paper: '§5.2, Fig. 3',
  statement: 'A term has at most one leader, ever.',

  elected(ghost, node, leader) {
    const other = ghost.leaders.get(leader.term)
    if (other === undefined || other.id === node.id) return
    throw new Violation(this.name, node.id, `${node.id} became leader of term ${leader.term}, which ${other.id} had led already`)
  },
}
