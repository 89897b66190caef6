import { promiseLease } from '../lease.ts'
import type { NodeId } from '../log/entry.ts'
import type { MessageOf } from '../messages.ts'
import type { RaftMachine } from '../raft.ts'
import type { Candidate, Follower, PreCandidate } from '../roles.ts'
import { becomeFollower } from '../roles.ts'
import { commitTo } from './commit.ts'

/** §5.2: a sign of life of this term's leader starts the election timeout anew. */
export function followLeader(raft: RaftMachine, follower: Follower, leader: NodeId): void {
  raft.elapsed = 0
  if (follower.leader === leader) return
  follower.leader = leader
  if (raft.trace) raft.trace({ type: 'leader', leader, term: raft.term })
}

export function yieldToHeartbeat(raft: RaftMachine, _role: PreCandidate | Candidate, message: MessageOf<'heartbeat'>): void {
  answerHeartbeat(raft, becomeFollower(raft, raft.term, message.from, `${message.from} leads`), message)
}

export function answerHeartbeat(raft: RaftMachine, follower: Follower, message: MessageOf<'heartbeat'>): void {
  followLeader(raft, follower, message.from)
  // A leader never asks for more than we have acknowledged to it. If it does, one of us has lost something: believe nothing.
  if (message.commit > raft.log.lastIndex) raft.ignore(message, `commits ${message.commit}, beyond our log`)
  else commitTo(raft, message.commit)
  const sentAt = promiseLease(raft, message.sentAt)
  raft.post({ type: 'heartbeatReply', from: raft.id, to: message.from, term: raft.term, readToken: message.readToken, sentAt })
}
