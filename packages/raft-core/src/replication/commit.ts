import type { Index } from '../log/entry.ts'
import { committedIndex } from '../membership/quorum.ts'
import type { RaftMachine } from '../raft.ts'
import type { Leader } from '../roles.ts'
import { traceState } from '../state-trace.ts'
import type { Trace } from '../trace.ts'

/** §5.3, §5.4.2: commit what every majority has on disk, but count only for entries of our own term. Returns whether commit moved. */
export function advanceCommit(raft: RaftMachine, leader: Leader): boolean {
  const held = committedIndex(raft.membership, id => leader.progress.get(id)?.counted)
  const moves = held > raft.log.commit && raft.log.termAt(held) === raft.term
  if (moves) commitTo(raft, held)
  if (raft.stateTrace) traceState(raft, 'Commit')
  return moves
}

export function commitTo(raft: RaftMachine, index: Index): void {
  if (index <= raft.log.commit) return
  raft.assert(index <= raft.log.lastIndex, 'only what is in the log is committed')
  const before = raft.log.commit
  raft.log.commit = index
  if (raft.trace) traceCommitted(raft, raft.trace, before + 1, index)
}

/** One event for each run of entries of the same term, so that it tells the position of every one. */
function traceCommitted({ log }: RaftMachine, trace: Trace, first: Index, last: Index): void {
  for (let start = first, at = first; at <= last; at++) {
    const term = log.termAt(start)!
    if (at < last && log.termAt(at + 1) === term) continue
    trace({ type: 'commit', first: { term, index: start }, last: { term, index: at } })
    start = at + 1
  }
}

export function hasCommittedInTerm(raft: RaftMachine): boolean {
  return raft.log.termAt(raft.log.commit) === raft.term
}
