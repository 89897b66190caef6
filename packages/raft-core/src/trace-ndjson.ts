import type { Index, MemberChange, MembershipChange, Term } from './log/entry.ts'
import type { Membership } from './membership/membership.ts'
import type { Message } from './messages.ts'
import type { RoleName } from './roles.ts'
import type { StateEvent } from './state-trace.ts'

/** A pre-candidate has promised nothing and raised no term: to the specification, which knows no pre-vote, it is a follower still. */
const roles: { readonly [R in RoleName]: string } = {
  follower: 'StateFollower',
  preCandidate: 'StateFollower',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
}

const actions: { readonly [T in MemberChange['type']]: string } = {
  voter: 'AddNewServer',
  learner: 'AddLearner',
  remove: 'RemoveServer',
  update: 'Update',
}

/** Stands for nobody in `vote`. */
const nobody = '0'

/**
 * A step as one line of the NDJSON that `Traceetcdraft.tla` reads, without a newline. The lines of all nodes go into one file, in the
 * order in which the steps happened.
 *
 * The specification knows neither pre-vote nor reads nor `refusalsTellCommit`, only saves that are not interrupted, and of membership
 * changes only those of one voter or learner: a run that has more in it is written down all the same, but does not match.
 */
export function formatStateEvent(event: StateEvent): string {
  const { name, node, term, vote, commit, role, last, membership, message, change, next } = event
  const state = { term, vote: vote ?? nobody, commit }
  const line = { name, nid: node, state, role: roles[role], log: last, conf: [membership.voters, membership.outgoing] }
  const msg = message && formatMessage(message)
  const prop = propertyOf(change, next)
  return JSON.stringify({ tag: 'trace', event: { ...line, ...(msg && { msg }), ...(prop && { prop }) } })
}

function propertyOf(change: MembershipChange | undefined, next: Membership | undefined): object | undefined {
  if (next) return { cc: { newconf: next.voters } }
  return change && { cc: { changes: change.changes.map(({ type, id }) => ({ nid: id, action: actions[type] })) } }
}

/** etcd has one shape for all types of messages: what a type does not use is 0. */
type Fields = {
  readonly type: string
  readonly entries?: number
  readonly logTerm?: Term
  readonly index?: Index
  readonly commit?: Index
  readonly reject?: boolean
  readonly rejectHint?: Index
}

function formatMessage(message: Message): object {
  const { term, from, to } = message
  const { type, entries = 0, logTerm = 0, index = 0, commit = 0, reject = false, rejectHint = 0 } = fieldsOf(message)
  return { type, term, from, to, entries, logTerm, index, commit, vote: nobody, reject, rejectHint }
}

function fieldsOf(message: Message): Fields {
  switch (message.type) {
    case 'appendEntries': {
      const { after, entries, commit } = message
      const last = after.index + entries.length
      // The receiver commits no more than it has been sent; the specification has the sender say so.
      return { type: 'MsgApp', entries: entries.length, logTerm: after.term, index: after.index, commit: Math.min(commit, last) }
    }
    case 'heartbeat':
      return { type: 'MsgHeartbeat', commit: message.commit }
    case 'installSnapshot':
      return { type: 'MsgSnap', entries: message.snapshot.index }
    case 'appendReply': {
      const { index, accepted, hint } = message
      return { type: 'MsgAppResp', logTerm: hint.term, index, reject: !accepted, rejectHint: hint.index }
    }
    case 'requestVote':
      return { type: 'MsgVote', logTerm: message.lastEntry.term, index: message.lastEntry.index }
    case 'voteReply':
      return { type: 'MsgVoteResp', reject: !message.granted }
    default:
      return { type: 'MsgHeartbeatResp' }
  }
}
