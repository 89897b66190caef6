import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'

export const leaderAppendOnly: Invariant = {
  name: 'leader-append-only',
  section: '3.3',
  paper: '§5.3, Fig. 3',
  statement: 'While a node leads a term, its earlier log is a prefix of its later log.',

  appends(_ghost, node, entry, chain, leader) {
    if (leader === undefined) return
    const { log } = leader
    if (entry.index > log.last + 1) {
      throw new Violation(
        this.name,
        node.id,
        `${node.id} leads term ${leader.term} and leaves a gap after index ${log.last}: ${entry.index}`,
      )
    }
    if (entry.index <= log.last && entry.index > log.base && log.chainAt(entry.index) !== chain) {
      throw new Violation(this.name, node.id, `${node.id} leads term ${leader.term} and replaces its own entry ${entry.index}`)
    }
  },

  // The same leader elected once more in its term would be a node that forgot having led it.
  elected(ghost, node, leader) {
    const before = ghost.leaders.get(leader.term)
    if (before === undefined || before.id !== node.id) return
    const last = before.log.last
    if (last <= leader.log.base || leader.log.chainAt(last) === before.log.lastChain) return
    throw new Violation(this.name, node.id, `${node.id} leads term ${leader.term} again without its entry ${last}`)
  },
}
