import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'
import { isConfirmed } from './lease.ts'

export const readIndex: Invariant = {
  name: 'read-index',
  section: '3.10',
  paper: 'thesis §6.4',
  statement:
    'A read sees all that was committed when it was asked, and its leader has since been confirmed by a quorum and committed in its own term.',

  releases(_ghost, node, read, index, leader) {
    if (index < read.committed) {
      throw new Violation(
        this.name,
        node.id,
        `${node.id} lets a read be served at ${index}; ${read.committed} was committed when it was asked`,
      )
    }
    if (leader === undefined) throw new Violation(this.name, node.id, `${node.id} answers a read and has never led`)
    if (!leader.committedInTerm) {
      throw new Violation(this.name, node.id, `${node.id} answers a read in term ${leader.term}, in which it has committed nothing`)
    }
    // Without a quorum it may have been answered by lease: that is the next invariant's.
    if (read.byLease || isConfirmed(node, read, leader)) return
    throw new Violation(this.name, node.id, `${node.id} answers a read of step ${read.step} without a quorum that heard from it since`)
  },

  serves(_ghost, node, read) {
    if (node.applied >= read.committed) return
    throw new Violation(
      this.name,
      node.id,
      `${node.id} serves a read at ${node.applied}; ${read.committed} was committed when it was asked`,
    )
  },
}
