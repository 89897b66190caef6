import { isPromotable } from './election/campaign.ts'
import { knownCommit } from './election/learn-commit.ts'
import { breaksPromise } from './lease.ts'
import type { Message } from './messages.ts'
import type { RaftMachine } from './raft.ts'
import { becomeFollower } from './roles.ts'
import { traceMessage } from './state-trace.ts'

/**
 * §5.1: terms are a logical clock. Settles whose term is later, so that every rule sees a message of its own term. Returns whether a
 * rule should see it at all.
 */
export function passTermGate(raft: RaftMachine, message: Message): boolean {
  if (message.term >= raft.term && isHeldOff(raft, message)) return false
  if (raft.stateTrace) traceMessage(raft, 'Receive', message)
  if (message.term === raft.term || isTermless(message)) return true
  return message.term > raft.term ? meetLater(raft, message) : meetEarlier(raft, message)
}

/** What clients ask for belongs to no term. Passed on from node to node, it can also come back to the one that asked. */
export function isTermless(message: Message): boolean {
  return message.type === 'propose' || message.type === 'readIndex'
}

/** Thesis §4.2.3: while a leader is alive, an election can only do harm; unless that leader asked for it. */
function isHeldOff(raft: RaftMachine, message: Message): boolean {
  if (message.type !== 'requestVote' && message.type !== 'preVote') return false
  if (breaksPromise(raft, message)) {
    raft.ignore(message, 'it promised not to vote while a lease may last')
    return true
  }
  if (message.term === raft.term) return false
  const wanted = message.type === 'requestVote' && message.transfer
  const inLease = raft.settings.checkQuorum && raft.leader !== undefined && raft.elapsed < raft.settings.electionTicks
  if (!inLease || wanted) return false
  raft.ignore(message, `heard from ${raft.leader} ${raft.elapsed} ticks ago`)
  return true
}

function meetLater(raft: RaftMachine, message: Message): boolean {
  // Thesis §9.6: a pre-vote speaks of a term that nobody has entered; so does a grant of one.
  if (message.type === 'preVote') return true
  if (message.type === 'preVoteReply' && message.granted) return true
  becomeFollower(raft, message.term, comesFromLeader(message) ? message.from : undefined, `${message.from} is in term ${message.term}`)
  return true
}

function comesFromLeader(message: Message): boolean {
  return message.type === 'appendEntries' || message.type === 'heartbeat' || message.type === 'installSnapshot'
}

function meetEarlier(raft: RaftMachine, message: Message): boolean {
  const { settings, id, term } = raft
  const nowhere = { term: 0, index: 0 }
  // Nobody listens to a campaign in a lease, and who is no voter holds none.
  const cannotCampaign = settings.checkQuorum || settings.preVote || (settings.nonVotersTellTerm && !isPromotable(raft))
  if (cannotCampaign && (message.type === 'appendEntries' || message.type === 'heartbeat')) {
    // So we cannot raise that leader's term by campaigning: tell it ours, or we could never join it.
    raft.promise({ type: 'appendReply', from: id, to: message.from, term, session: 0, accepted: true, index: 0, hint: nowhere })
  } else if (message.type === 'preVote') {
    // A refusal that carries our term lets a node that is behind catch up with it.
    raft.promise({ type: 'preVoteReply', from: id, to: message.from, term, granted: false, commit: knownCommit(raft, false) })
  }
  raft.ignore(message, `of the earlier term ${message.term}`)
  return false
}
