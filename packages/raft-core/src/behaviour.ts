import { campaignAtOnce } from './election/campaign.ts'
import { answerPreVote, answerVote, countPreVote, countVote } from './election/vote.ts'
import type { Message, MessageOf, MessageType } from './messages.ts'
import { passProposalsOn, refuseProposals, takeProposals } from './proposals.ts'
import type { RaftMachine } from './raft.ts'
import { passReadOn, refuseReadRequest, takeReadReply, takeReadRequest } from './reads.ts'
import { acceptEntries, yieldToEntries } from './replication/append.ts'
import { answerHeartbeat, yieldToHeartbeat } from './replication/follow.ts'
import { recordAppendReply, recordHeartbeatReply } from './replication/replies.ts'
import { acceptSnapshot, yieldToSnapshot } from './replication/snapshot.ts'
import type { Candidate, Follower, Leader, PreCandidate, Role } from './roles.ts'
import { passTransferOn, takeTransferRequest } from './transfer.ts'

type Rule<R extends Role, T extends MessageType> = (raft: RaftMachine, role: R, message: MessageOf<T>) => void
type Rules<R extends Role> = { readonly [T in MessageType]: Rule<R, T> }

// The protocol on one screen: what each role does with a message of its own term. Silence is written down too.
// biome-ignore format: a table reads by its columns
const follower: Rules<Follower> = {
  requestVote: answerVote,         voteReply: ignore,
  preVote: answerPreVote,          preVoteReply: ignore,
  appendEntries: acceptEntries,    appendReply: ignore,
  heartbeat: answerHeartbeat,      heartbeatReply: ignore,
  installSnapshot: acceptSnapshot, timeoutNow: campaignAtOnce,
  transferLeader: passTransferOn,  propose: passProposalsOn,
  readIndex: passReadOn,           readIndexReply: takeReadReply,
}
// biome-ignore format: a table reads by its columns
const preCandidate: Rules<PreCandidate> = {
  requestVote: answerVote,          voteReply: ignore,
  preVote: answerPreVote,           preVoteReply: countPreVote,
  appendEntries: yieldToEntries,    appendReply: ignore,
  heartbeat: yieldToHeartbeat,      heartbeatReply: ignore,
  installSnapshot: yieldToSnapshot, timeoutNow: ignore,
  transferLeader: ignore,           propose: refuseProposals,
  readIndex: refuseReadRequest,     readIndexReply: ignore,
}
// biome-ignore format: a table reads by its columns
const candidate: Rules<Candidate> = {
  requestVote: answerVote,          voteReply: countVote,
  preVote: answerPreVote,           preVoteReply: ignore,
  appendEntries: yieldToEntries,    appendReply: ignore,
  heartbeat: yieldToHeartbeat,      heartbeatReply: ignore,
  installSnapshot: yieldToSnapshot, timeoutNow: ignore,
  transferLeader: ignore,           propose: refuseProposals,
  readIndex: refuseReadRequest,     readIndexReply: ignore,
}
// biome-ignore format: a table reads by its columns
const leader: Rules<Leader> = {
  requestVote: answerVote,             voteReply: ignore,
  preVote: answerPreVote,              preVoteReply: ignore,
  appendEntries: distrust,             appendReply: recordAppendReply,
  heartbeat: distrust,                 heartbeatReply: recordHeartbeatReply,
  installSnapshot: distrust,           timeoutNow: ignore,
  transferLeader: takeTransferRequest, propose: takeProposals,
  readIndex: takeReadRequest,          readIndexReply: ignore,
}

export function receive(raft: RaftMachine, message: Message): void {
  const { state: role } = raft
  switch (role.name) {
    case 'follower':
      // A busy cluster exchanges little but this and its answers: named, they need not be looked up.
      return message.type === 'appendEntries' ? follower.appendEntries(raft, role, message) : follow(follower, raft, role, message)
    case 'preCandidate':
      return follow(preCandidate, raft, role, message)
    case 'candidate':
      return follow(candidate, raft, role, message)
    case 'leader':
      return message.type === 'appendReply' ? leader.appendReply(raft, role, message) : follow(leader, raft, role, message)
  }
}

function follow<R extends Role, T extends MessageType>(rules: Rules<R>, raft: RaftMachine, role: R, message: MessageOf<T>): void {
  const rule: Rules<R>[T] = rules[message.type]
  rule(raft, role, message)
}

function ignore(raft: RaftMachine, role: Role, message: Message): void {
  if (raft.trace) raft.ignore(message, `means nothing to a ${role.name}`)
}

/** §5.2: a term has one leader, so this message is not true. Nothing from outside makes the core throw. */
function distrust(raft: RaftMachine, _role: Leader, message: Message): void {
  raft.ignore(message, `a second leader in term ${raft.term}`)
}
