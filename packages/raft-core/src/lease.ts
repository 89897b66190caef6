import type { NodeId } from './log/entry.ts'
import { committedIndex } from './membership/quorum.ts'
import type { Message } from './messages.ts'
import type { RaftMachine } from './raft.ts'
import { hasCommittedInTerm } from './replication/commit.ts'
import type { Leader } from './roles.ts'

/**
 * What a leader needs to answer reads by itself (thesis §6.4.1): `heard` is, for each member, when the newest heartbeat was sent that it
 * has answered with a promise. `ended`: a transfer was started; whoever was told to campaign may do so at any time in this term.
 */
export type Lease = { readonly heard: Map<NodeId, number>; ended: boolean }

export function newLease(): Lease {
  return { heard: new Map(), ended: false }
}

/** Heartbeats carry the time at which they are sent once the setting has taken effect here. At the last tick, so never too late. */
export function leaseStamp(raft: RaftMachine): number | undefined {
  return raft.membership.leaseReads === true ? raft.now : undefined
}

/**
 * A follower promises to elect nobody for an election timeout, and says so by returning the leader's time: only once it has applied the
 * setting, since only then will it remember after a restart that it may have promised something.
 */
export function promiseLease(raft: RaftMachine, sentAt: number | undefined): number | undefined {
  if (sentAt === undefined || raft.membership.leaseReads !== true) return undefined
  raft.promisedTicks = raft.settings.electionTicks
  return sentAt
}

/** A node that starts may have promised something just before; its log or its snapshot tells whether it can have, once all of it is there. */
export function rememberPromise(raft: RaftMachine): void {
  if (mayHavePromised(raft)) raft.promisedTicks = raft.settings.electionTicks
}

function mayHavePromised({ membership, log }: RaftMachine): boolean {
  if (membership.leaseReads === true) return true
  for (let index = log.applied + 1; index <= log.lastIndex; index++) {
    const entry = log.at(index)
    if (entry?.type === 'membership' && entry.change.leaseReads === true) return true
  }
  return false
}

/** Also from a candidate of this very term, which the other messages of that term may have reached before. */
export function breaksPromise(raft: RaftMachine, message: Message): boolean {
  if (raft.promisedTicks === 0) return false
  return (message.type === 'requestVote' && !message.transfer) || message.type === 'preVote'
}

export function recordPromise(raft: RaftMachine, leader: Leader, from: NodeId, sentAt: number): void {
  if (raft.now === undefined || sentAt > raft.now) return
  leader.lease.heard.set(from, Math.max(sentAt, leader.lease.heard.get(from) ?? 0))
}

/**
 * Whether nobody else can lead at `now`. While a membership change is on its way, the one that turns leases off included, another
 * majority than ours may soon decide, so nothing is answered by lease.
 */
export function leaseHolds(raft: RaftMachine, leader: Leader, now: number): boolean {
  const { leaseDuration } = raft.settings
  if (leaseDuration === 0 || raft.membership.leaseReads !== true || leader.lease.ended) return false
  if (leader.pendingChange > raft.log.applied || !hasCommittedInTerm(raft)) return false
  // Of every majority, the moment at which the last of its members was asked; times are not negative.
  const start = committedIndex(raft.membership, id => (id === raft.id ? Infinity : leader.lease.heard.get(id)))
  return start > 0 && now < start + leaseDuration
}
