import type { MessageOf } from 'raft-core'
import { chain } from '../hash.ts'
import type { Ghost, NodeGhost } from './ghost.ts'
import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'

/** `H[(k, term)]` has one value: an index and a term name one entry, and one history before it. In logs and in messages. */
export const logMatching: Invariant = {
  name: 'log-matching',
  section: '3.4',
  paper: '§5.3, Fig. 3',
  statement: 'Two logs that hold an entry of the same index and term are equal up to there.',

  appends(ghost, node, entry, chain) {
    const before = node.log.lastTerm
    if (entry.index !== node.log.last + 1) {
      throw new Violation(this.name, node.id, `${node.id} leaves a gap in its log: ${entry.index} after ${node.log.last}`)
    }
    if (entry.term < before) {
      throw new Violation(this.name, node.id, `${node.id} has entry ${entry.index} of term ${entry.term} after one of term ${before}`)
    }
    const known = ghost.chainOf(entry.index, entry.term)
    if (known === undefined || known === chain) return
    throw new Violation(this.name, node.id, `${node.id} has another log than others up to its entry ${entry.index} of term ${entry.term}`)
  },

  sends(ghost, node, message) {
    if (message.type === 'appendEntries') checkEntries(ghost, node, message)
  },
}

/** Against the log of the leadership that the message speaks for, which may be over by the time it leaves. */
function checkEntries(ghost: Ghost, node: NodeGhost, { after, entries, to, term }: MessageOf<'appendEntries'>): void {
  const leader = ghost.leaders.get(term)
  if (leader?.id !== node.id)
    throw new Violation(logMatching.name, node.id, `${node.id} sends entries in term ${term}, which it does not lead`)
  const { log } = leader
  if (log.termAt(after.index) !== after.term) {
    throw new Violation(
      logMatching.name,
      node.id,
      `${node.id} sends to ${to} what follows ${after.index}@${after.term}, which its log does not hold`,
    )
  }
  let running = log.chainAt(after.index)!
  let index = after.index
  for (const entry of entries) {
    running = chain(running, entry)
    // Beyond the log known, it was appended in the same moment in which the leadership ended: new to us, so nobody may know otherwise.
    const known = ++index > log.last ? (ghost.chainOf(index, entry.term) ?? running) : log.chainAt(index)
    if (entry.index === index && known === running) continue
    throw new Violation(
      logMatching.name,
      node.id,
      `${node.id} sends to ${to} an entry ${entry.index}@${entry.term} that its log does not hold`,
    )
  }
}
