import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'

export const monotonicState: Invariant = {
  name: 'monotonic-state',
  section: '3.8',
  paper: '§5.1, Fig. 2',
  statement:
    'Term, vote within a term, commit, applied, snapshot and first index never fall, and nothing that was saved is missing after a restart.',

  steps(_ghost, node, core) {
    if (core.term < node.term) throw new Violation(this.name, node.id, `${node.id} went back from term ${node.term} to ${core.term}`)
    if (core.commit < node.commit)
      throw new Violation(this.name, node.id, `${node.id} took its commit index back from ${node.commit} to ${core.commit}`)
    if (core.applied < node.coreApplied) {
      throw new Violation(this.name, node.id, `${node.id} took its applied index back from ${node.coreApplied} to ${core.applied}`)
    }
    if (core.applied > core.commit)
      throw new Violation(this.name, node.id, `${node.id} applied ${core.applied}, and committed only ${core.commit}`)
    // A snapshot on its way to the disk is ahead of both.
    if (node.installing > core.applied) return
    const { snapshotIndex } = node.disk
    if (node.log.base > snapshotIndex || snapshotIndex > core.applied) {
      throw new Violation(
        this.name,
        node.id,
        `${node.id} has its log from ${node.log.base}, a snapshot at ${snapshotIndex}, applied ${core.applied}`,
      )
    }
  },

  takes(_ghost, node, { hardState }) {
    if (hardState === undefined) return
    const { term, vote, commit } = node.ballot
    if (hardState.term < term || hardState.commit < commit) {
      throw new Violation(
        this.name,
        node.id,
        `${node.id} saves term ${hardState.term}, commit ${hardState.commit} after ${term}, ${commit}`,
      )
    }
    if (hardState.term === term && vote !== undefined && hardState.vote !== vote) {
      throw new Violation(this.name, node.id, `${node.id} changes its vote in term ${term} from ${vote} to ${hardState.vote ?? 'nobody'}`)
    }
  },

  appends(_ghost, node, entry) {
    if (entry.index > node.ballot.commit) return
    throw new Violation(this.name, node.id, `${node.id} replaces entry ${entry.index}, which it had committed`)
  },

  settles(_ghost, node, { term, commit }) {
    if (commit > node.log.last)
      throw new Violation(this.name, node.id, `${node.id} has committed ${commit}, and its log ends at ${node.log.last}`)
    const { ballot } = node
    if (ballot.term === term && ballot.commit === commit) return
    const forgotten = `term ${term}, commit ${commit}; its last Readys saved ${ballot.term}, ${ballot.commit}`
    throw new Violation(this.name, node.id, `${node.id} is in ${forgotten}`)
  },

  compacts(_ghost, node, index) {
    if (index <= node.coreApplied) return
    throw new Violation(this.name, node.id, `${node.id} forgets its log up to ${index}, and has applied only ${node.coreApplied}`)
  },

  restarts(_ghost, node, status) {
    const { disk } = node
    if (status.term < disk.term)
      throw new Violation(this.name, node.id, `${node.id} starts in term ${status.term}; its disk knows of ${disk.term}`)
    if (status.term === disk.term && status.vote !== disk.vote) {
      throw new Violation(this.name, node.id, `${node.id} forgot that it voted for ${disk.vote} in term ${disk.term}`)
    }
    // What is gone was found out, and is told: invariant 13 says what follows from that.
    if (status.repairing) return
    const { mustShow } = disk
    if (mustShow !== undefined && disk.log.chainAt(mustShow.last) !== mustShow.lastChain) {
      throw new Violation(
        this.name,
        node.id,
        `${node.id} starts as if nothing had happened: its log went to ${mustShow.last} before it was damaged`,
      )
    }
    if (status.commit < disk.commit)
      throw new Violation(this.name, node.id, `${node.id} starts with commit index ${status.commit} of ${disk.commit}`)
    if (status.last.index < disk.log.last || status.last.term !== disk.log.lastTerm) {
      throw new Violation(this.name, node.id, `${node.id} starts with a log to ${status.last.index}@${status.last.term}; its disk has more`)
    }
  },
}
