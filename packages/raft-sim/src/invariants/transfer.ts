import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'

/** Its votes would be refused, and the cluster would wait for an election timeout. */
export const transfer: Invariant = {
  name: 'transfer',
  section: '2',
  paper: 'thesis §3.10',
  statement: 'A leader asks only a member to campaign that has the log which it is said to have.',

  sends(ghost, node, message) {
    if (message.type !== 'timeoutNow') return
    const target = ghost.nodes.get(message.to)?.disk
    const { index } = message.lastEntry
    // In a later term its entries may have been replaced since it acknowledged them.
    if (target === undefined || target.term > message.term || index <= target.log.base) return
    // One whose disk was damaged since had it, as far as the leader has heard.
    if ([target.log, target.promised].some(log => log?.termAt(index) === message.lastEntry.term)) return
    throw new Violation(this.name, node.id, `${node.id} asks ${message.to} to campaign, whose disk does not hold entry ${index}`)
  },
}
