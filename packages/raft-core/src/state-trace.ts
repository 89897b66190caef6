import type { Entry, Index, MembershipChange, NodeId, Term } from './log/entry.ts'
import { leavesJoint } from './membership/change.ts'
import type { Membership } from './membership/membership.ts'
import type { Message, MessageType } from './messages.ts'
import type { RaftMachine } from './raft.ts'
import type { RoleName } from './roles.ts'

/**
 * One step of a node, under the name that it has in etcd's TLA+ specification of Raft (`Traceetcdraft.tla`), with the node's state at
 * that moment. Unlike `TraceEvent` it gives no reasons: it is for checking a run against the specification.
 */
export type StateEvent = {
  readonly name: string
  readonly node: NodeId
  readonly term: Term
  readonly vote: NodeId | undefined
  readonly commit: Index
  readonly role: RoleName
  /** Index of the last entry in the log. */
  readonly last: Index
  readonly membership: Membership
  /** In Send… and Receive…. */
  readonly message?: Message
  /** In ChangeConf: what was proposed. */
  readonly change?: MembershipChange
  /** In ApplyConfChange: what `membership` is about to become. */
  readonly next?: Membership
}

/** Called with every step of a node, in the order in which they happen. */
export type StateTrace = (event: StateEvent) => void

/** What the specification calls a message; heartbeats and snapshots are appendEntries to it, and the others it does not know. */
const kinds: { readonly [T in MessageType]?: string } = {
  requestVote: 'RequestVoteRequest',
  voteReply: 'RequestVoteResponse',
  appendEntries: 'AppendEntriesRequest',
  heartbeat: 'AppendEntriesRequest',
  installSnapshot: 'AppendEntriesRequest',
  appendReply: 'AppendEntriesResponse',
  heartbeatReply: 'AppendEntriesResponse',
}

export function traceState(raft: RaftMachine, name: string, more?: Pick<StateEvent, 'message' | 'change' | 'next'>): void {
  const { stateTrace, id, term, vote, log, role, membership } = raft
  stateTrace?.({ name, node: id, term, vote, commit: log.commit, role, last: log.lastIndex, membership, ...more })
}

export function traceMessage(raft: RaftMachine, direction: 'Send' | 'Receive', message: Message): void {
  const kind = kinds[message.type]
  if (kind !== undefined) traceState(raft, `${direction}${kind}`, { message })
}

/** What a leader puts into its own log. The specification knows of members only: a change of a setting is an entry like any other. */
export function traceOwn(raft: RaftMachine, entries: readonly Entry[]): void {
  for (const entry of entries) {
    if (entry.type !== 'membership' || (entry.change.changes.length === 0 && !leavesJoint(entry.change))) traceState(raft, 'Replicate')
    else if (!leavesJoint(entry.change)) traceState(raft, 'ChangeConf', { change: entry.change })
  }
}
