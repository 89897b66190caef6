import { isLearner, isVoter, voterIds } from '../membership/membership.ts'
import type { MessageOf } from '../messages.ts'
import type { RaftMachine } from '../raft.ts'
import type { Follower } from '../roles.ts'
import { becomeCandidate, becomePreCandidate } from '../roles.ts'

const nowhere = { term: 0, index: 0 }

/** Why an election is held. A transfer skips the pre-vote and interrupts leases: the leader itself asked for it (thesis §3.10). */
export type Cause = 'timeout' | 'asked' | 'transfer'

const reasons: { readonly [C in Cause]: string } = { timeout: 'no leader', asked: 'asked to', transfer: 'the leader asks it to' }

/** §5.2, when this node may. */
export function tryCampaign(raft: RaftMachine, cause: Cause): void {
  if (raft.state.name === 'leader') return
  const obstacle = reasonNotTo(raft, cause)
  if (obstacle !== undefined) {
    if (raft.trace) raft.trace({ type: 'stays', because: obstacle })
    return
  }
  const because = reasons[cause]
  if (raft.settings.preVote && cause !== 'transfer') preCampaign(raft, because)
  else campaign(raft, cause, because)
}

function reasonNotTo(raft: RaftMachine, cause: Cause): string | undefined {
  if (raft.resigned !== undefined) return raft.resigned
  if (raft.repair !== undefined) return 'its log is being repaired'
  if (raft.log.snapshot !== undefined) return 'a snapshot is not saved yet'
  if (!isPromotable(raft)) return 'it is not a voter'
  // Its own vote is a vote too.
  if (raft.promisedTicks > 0 && cause !== 'transfer') return 'it promised not to vote while a lease may last'
  // Membership takes effect when applied: before that we might win a majority that no longer decides.
  return raft.hasUnappliedMembership() ? 'a committed membership change is not applied yet' : undefined
}

/** A voter that can do a leader's work, with its log in place: not in the middle of receiving a snapshot. */
export function isPromotable({ membership, id, resigned, repair, log }: RaftMachine): boolean {
  return (
    resigned === undefined && repair === undefined && isVoter(membership, id) && !isLearner(membership, id) && log.snapshot === undefined
  )
}

/** Thesis §9.6: ask whether an election could be won, without raising the term. */
function preCampaign(raft: RaftMachine, because: string): void {
  becomePreCandidate(raft, because)
  const term = raft.term + 1
  const lastEntry = raft.log.last
  for (const to of voterIds(raft.membership)) {
    if (to === raft.id) raft.promise({ type: 'preVoteReply', from: raft.id, to, term, granted: true, commit: nowhere })
    else raft.post({ type: 'preVote', from: raft.id, to, term, lastEntry })
  }
}

/** §5.2: a new term, a vote for ourselves (which counts once it is on disk), and a question to everybody else. */
export function campaign(raft: RaftMachine, cause: Cause, because: string): void {
  becomeCandidate(raft, because)
  const { term } = raft
  const lastEntry = raft.log.last
  for (const to of voterIds(raft.membership)) {
    if (to === raft.id) raft.promise({ type: 'voteReply', from: raft.id, to, term, granted: true, commit: nowhere })
    else raft.post({ type: 'requestVote', from: raft.id, to, term, lastEntry, transfer: cause === 'transfer' })
  }
}

/** Thesis §3.10. The leader sent this because we had its whole log; make sure we still do. */
export function campaignAtOnce(raft: RaftMachine, _follower: Follower, message: MessageOf<'timeoutNow'>): void {
  if (raft.settings.transferChecksLog && !raft.log.isUpToDateWith(message.lastEntry)) return raft.ignore(message, 'our log is behind')
  tryCampaign(raft, 'transfer')
}
