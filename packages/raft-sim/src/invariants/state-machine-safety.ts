import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'

export const stateMachineSafety: Invariant = {
  name: 'state-machine-safety',
  section: '3.6',
  paper: '§5.4.3, Fig. 3',
  statement: 'All nodes apply the same entries in the same order, each once, and arrive at the same state.',

  applies(ghost, node, entry, chain, digest) {
    if (entry.index !== node.applied + 1) {
      throw new Violation(this.name, node.id, `${node.id} applies entry ${entry.index} after entry ${node.applied}`)
    }
    if (ghost.committed.chainAt(entry.index) !== chain) {
      const committed = ghost.committed.termAt(entry.index)
      const what = committed === undefined ? 'which is not committed' : `where ${entry.index}@${committed} is committed`
      throw new Violation(this.name, node.id, `${node.id} applies ${entry.index}@${entry.term}, ${what}`)
    }
    const known = ghost.digests[entry.index]
    if (known !== undefined && known !== digest) {
      throw new Violation(this.name, node.id, `${node.id} has another state than others after entry ${entry.index}`)
    }
  },

  installs(ghost, node, snapshot, digest) {
    const { index, term } = snapshot
    if (index <= node.applied || index <= node.disk.snapshotIndex) {
      throw new Violation(this.name, node.id, `${node.id} goes back from index ${node.applied} to a snapshot at ${index}`)
    }
    if (ghost.committed.termAt(index) !== term) {
      throw new Violation(this.name, node.id, `${node.id} takes a snapshot at ${index}@${term}, which is not committed`)
    }
    if (ghost.digests[index] !== digest) {
      throw new Violation(this.name, node.id, `${node.id} takes a snapshot at ${index} whose state is not the one at ${index}`)
    }
  },
}
