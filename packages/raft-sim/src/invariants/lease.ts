import type { LeaderGhost, NodeGhost, ReadGhost } from './ghost.ts'
import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'
import { quorumHas } from './quorum.ts'

/** A quorum has answered a heartbeat that was sent after the read was asked. */
export function isConfirmed(node: NodeGhost, read: ReadGhost, leader: LeaderGhost): boolean {
  return node.recentMemberships.some(membership =>
    quorumHas(membership, id => id === leader.id || (leader.confirmedSince.get(id) ?? -1) >= read.step),
  )
}

export const lease: Invariant = {
  name: 'lease',
  section: '3.10',
  paper: 'thesis §6.4.1',
  statement: 'When a leader answered a read by its lease, nobody had been elected in a later term.',

  releases(_ghost, node, read, _index, leader) {
    if (!read.byLease || leader === undefined || isConfirmed(node, read, leader)) return
    if (read.node === leader.id && read.latestLedTerm <= leader.term) return
    const text = `${node.id} answers a read by its lease of term ${leader.term}; when it was asked, term ${read.latestLedTerm} had a leader`
    throw new Violation(this.name, node.id, text)
  },
}
