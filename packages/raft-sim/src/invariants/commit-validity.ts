import type { Index } from 'raft-core'
import type { Ghost, LeaderGhost, NodeGhost } from './ghost.ts'
import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'
import { quorumHas } from './quorum.ts'

/** Looks at disks, not at what the leader believes of them. A node that is down counts by its disk. */
export const commitValidity: Invariant = {
  name: 'commit-validity',
  section: '3.7',
  paper: '§5.3, §5.4.2, §6',
  statement:
    'A leader commits entries of its own term, once a majority of every active set of voters has them on disk; nothing committed changes.',

  commits(ghost, node, to, leader) {
    if (leader !== undefined) return checkCount(ghost, node, to, leader)
    if (to <= ghost.committed.last) return
    throw new Violation(this.name, node.id, `${node.id} believes that ${to} is committed; only ${ghost.committed.last} is`)
  },

  settles(ghost, node, { commit }) {
    const ours = node.log.chainAt(commit)
    // A new machine has committed nothing, not even what the cluster began with.
    if (commit === 0 || commit < node.log.base || ours === ghost.committed.chainAt(commit)) return
    throw new Violation(this.name, node.id, `${node.id} has other entries up to its commit index ${commit} than were committed`)
  },

  sends(_ghost, node, message) {
    if (message.type !== 'appendEntries' && message.type !== 'heartbeat') return
    if (message.commit <= node.commit) return
    throw new Violation(
      this.name,
      node.id,
      `${node.id} tells ${message.to} to commit ${message.commit}, and has committed ${node.commit} itself`,
    )
  },
}

function checkCount(ghost: Ghost, node: NodeGhost, to: Index, { term, log }: LeaderGhost): void {
  const chain = log.chainAt(to)
  const before = ghost.committed.last
  if (log.termAt(to) !== term) {
    throw new Violation(
      commitValidity.name,
      node.id,
      `${node.id} leads term ${term} and commits by counting entry ${to} of term ${log.termAt(to)}`,
    )
  }
  const saved = node.membershipsInCall.some(membership => quorumHas(membership, id => hasOnDisk(ghost.nodes.get(id), to, chain!)))
  if (!saved) throw new Violation(commitValidity.name, node.id, `${node.id} commits ${to}@${term}, which no majority has on disk`)
  const [index, committed] = to < before ? [to, ghost.committed.chainAt(to)] : [before, ghost.committed.chainAt(before)]
  if (index >= log.base && log.chainAt(index) !== committed) {
    throw new Violation(commitValidity.name, node.id, `${node.id} commits ${to}@${term} over other entries committed up to ${index}`)
  }
}

function hasOnDisk(node: NodeGhost | undefined, index: Index, chain: number): boolean {
  if (node === undefined) return false
  // What the log of the disk no longer holds is in its snapshot, and was committed before it got there.
  const { log, promised } = node.disk
  if (index < log.base || log.chainAt(index) === chain) return true
  return promised?.chainAt(index) === chain
}
