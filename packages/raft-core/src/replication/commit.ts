import { committedIndex } from '../membership/quorum.ts'
import type { RaftMachine } from '../raft.ts'
import type { Leader } from '../roles.ts'

/** §5.3, §5.4.2: commit what every majority has on disk, but count only for entries of our own term. Returns whether commit moved. */
export function advanceCommit(raft: RaftMachine, leader: Leader): boolean {
  const held = committedIndex(raft.membership, id => leader.progress.get(id)?.match)
  if (held <= raft.log.commit || raft.log.termAt(held) !== raft.term) return false
  commitTo(raft, held)
  return true
}

export function commitTo(raft: RaftMachine, index: number): void {
  if (index <= raft.log.commit) return
  raft.assert(index <= raft.log.lastIndex, 'only what is in the log is committed')
  raft.log.commit = index
  if (raft.trace) raft.trace({ type: 'commit', index })
}

export function hasCommittedInTerm(raft: RaftMachine): boolean {
  return raft.log.termAt(raft.log.commit) === raft.term
}
