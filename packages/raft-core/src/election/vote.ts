import type { NodeId } from '../log/entry.ts'
import type { VoteOutcome } from '../membership/quorum.ts'
import { voteOutcome } from '../membership/quorum.ts'
import type { MessageOf } from '../messages.ts'
import type { RaftMachine } from '../raft.ts'
import { replicateToAll } from '../replication/send.ts'
import type { Candidate, PreCandidate, Role } from '../roles.ts'
import { becomeFollower, becomeLeader } from '../roles.ts'
import { campaign } from './campaign.ts'
import { knownCommit } from './learn-commit.ts'

/** §5.2, §5.4.1: one vote a term, only for a candidate whose log is at least as up to date as ours. Learners answer too: they may be voters by now. */
export function answerVote(raft: RaftMachine, _role: Role, request: MessageOf<'requestVote'>): void {
  const free = raft.repair === undefined && (raft.vote === request.from || (raft.vote === undefined && raft.leader === undefined))
  const granted = free && raft.log.isUpToDate(request.lastEntry)
  traceVote(raft, 'vote', request, granted, free)
  if (granted) {
    raft.elapsed = 0
    raft.vote = request.from
  }
  raft.promise({ type: 'voteReply', from: raft.id, to: request.from, term: raft.term, granted, commit: knownCommit(raft, granted) })
}

/** Thesis §9.6: what we would answer, promising nothing. A grant names the term asked about, a refusal our own. */
export function answerPreVote(raft: RaftMachine, _role: Role, request: MessageOf<'preVote'>): void {
  const later = request.term > raft.term || raft.vote === request.from || (raft.vote === undefined && raft.leader === undefined)
  const free = raft.repair === undefined && later
  const granted = free && raft.log.isUpToDate(request.lastEntry)
  traceVote(raft, 'preVote', request, granted, free)
  const term = granted ? request.term : raft.term
  raft.promise({ type: 'preVoteReply', from: raft.id, to: request.from, term, granted, commit: knownCommit(raft, granted) })
}

function traceVote(
  raft: RaftMachine,
  kind: 'preVote' | 'vote',
  request: MessageOf<'requestVote' | 'preVote'>,
  granted: boolean,
  free: boolean,
): void {
  if (!raft.trace) return
  const because = granted ? 'log is up to date' : free ? 'log is behind' : notFree(raft)
  raft.trace({ type: 'vote', kind, candidate: request.from, term: request.term, granted, because })
}

function notFree({ repair, vote, leader }: RaftMachine): string {
  if (repair !== undefined) return 'its log is being repaired'
  return vote === undefined ? `follows ${leader}` : `voted for ${vote}`
}

/** §5.2: won by a majority, lost once that is out of reach. */
export function countVote(raft: RaftMachine, candidate: Candidate, reply: MessageOf<'voteReply'>): void {
  const outcome = tally(raft, candidate, 'vote', reply.from, reply.granted)
  if (outcome === 'won') lead(raft, 'won the election')
  if (outcome === 'lost') becomeFollower(raft, raft.term, undefined, 'lost the election')
}

export function countPreVote(raft: RaftMachine, candidate: PreCandidate, reply: MessageOf<'preVoteReply'>): void {
  const outcome = tally(raft, candidate, 'preVote', reply.from, reply.granted)
  if (outcome === 'won') campaign(raft, 'timeout', 'a majority would vote for it')
  if (outcome === 'lost') becomeFollower(raft, raft.term, undefined, 'a majority would not vote for it')
}

/** The first vote of a voter counts, and no repetition of it. */
function tally(
  raft: RaftMachine,
  { votes }: Candidate | PreCandidate,
  kind: 'preVote' | 'vote',
  from: NodeId,
  granted: boolean,
): VoteOutcome {
  if (!votes.has(from)) votes.set(from, granted)
  const outcome = voteOutcome(raft.membership, id => votes.get(id))
  if (raft.trace) {
    const yes = [...votes.values()].filter(Boolean).length
    raft.trace({ type: 'votes', kind, granted: yes, refused: votes.size - yes, outcome })
  }
  return outcome
}

/** §5.4.2, §8: only an entry of our own term may be committed by counting, so a leader starts with one. */
function lead(raft: RaftMachine, because: string): void {
  const leader = becomeLeader(raft, because)
  raft.appendOwn(leader, [{ term: raft.term, index: raft.log.lastIndex + 1, type: 'empty' }])
  replicateToAll(raft, leader)
}
