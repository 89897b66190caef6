import type { Position } from '../log/entry.ts'
import type { MessageOf } from '../messages.ts'
import type { RaftMachine } from '../raft.ts'
import { commitTo } from '../replication/commit.ts'
import { becomeFollower } from '../roles.ts'

const nothing: Position = { term: 0, index: 0 }

/** What a refusal tells besides no; see `learnCommit`. */
export function knownCommit({ settings, log }: RaftMachine, granted: boolean): Position {
  if (granted || !settings.refusalsTellCommit) return nothing
  return { term: log.termAt(log.commit) ?? 0, index: log.commit }
}

/**
 * A refusal tells how far the log is known to be committed. Whoever holds that very entry holds the same log up to it (§5.3) and may
 * commit it, in whatever term. Without this a membership change could leave the cluster without a leader for ever: when only those
 * whom it removed know that it is committed, they may not campaign, and they refuse whoever may, since their own logs are longer.
 */
export function learnCommit(raft: RaftMachine, { commit, from }: MessageOf<'voteReply' | 'preVoteReply'>): void {
  if (raft.role === 'leader' || commit.index <= raft.log.commit || !raft.log.holds(commit)) return
  commitTo(raft, commit.index)
  // The election was held under a membership that is about to change: hold another under the new one, once it is applied.
  const campaigns = raft.role === 'candidate' || raft.role === 'preCandidate'
  if (campaigns && raft.hasUnappliedMembership())
    becomeFollower(raft, raft.term, undefined, `${from} knows of a committed membership change`)
}
