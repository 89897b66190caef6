import type { ProposeResult, Refusal } from './api.ts'
import type { Entry, Index, MembershipChange, Payload, Term } from './log/entry.ts'
import { changeMembership, changesNothing } from './membership/change.ts'
import { isJoint } from './membership/membership.ts'
import type { MessageOf } from './messages.ts'
import type { RaftMachine } from './raft.ts'
import { replicateToAll } from './replication/send.ts'
import type { Follower, Leader } from './roles.ts'

/** §5.3: a leader appends and replicates; everybody else says who might. */
export function propose(raft: RaftMachine, payloads: readonly Payload[], ifMembershipIndex?: Index): ProposeResult {
  const { state: role } = raft
  if (role.name === 'leader') return appendProposals(raft, role, payloads, ifMembershipIndex)
  if (role.name !== 'follower' || role.leader === undefined) return refuse(raft, 'no-leader')
  // A condition does not travel with a forwarded proposal, and must not be lost on the way.
  if (!raft.settings.forwardProposals || ifMembershipIndex !== undefined) return refuse(raft, 'not-leader')
  const entries = payloads.map(payload => ({ term: 0, index: 0, ...payload }))
  raft.post({ type: 'propose', from: raft.id, to: role.leader, term: 0, entries })
  return { accepted: 'forwarded', leader: role.leader }
}

/** The same for commands alone, which is what a cluster is there for. */
export function proposeCommands(raft: RaftMachine, commands: readonly Uint8Array[]): ProposeResult {
  const { state: leader } = raft
  if (leader.name !== 'leader')
    return propose(
      raft,
      commands.map(data => ({ type: 'command', data })),
    )
  const reason = refusal(raft, leader)
  if (reason !== undefined) return refuse(raft, reason)
  const { term } = raft
  const first = raft.log.lastIndex + 1
  const entries: Entry[] = []
  for (const data of commands) entries.push({ term, index: first + entries.length, type: 'command', data })
  if (!raft.appendOwn(leader, entries)) return refuse(raft, 'too-many-uncommitted')
  replicateToAll(raft, leader)
  return { accepted: true, term, index: first }
}

function refusal(raft: RaftMachine, leader: Leader): Refusal | undefined {
  if (!leader.progress.has(raft.id)) return 'not-a-member'
  // Thesis §3.10: what came now could hold up the transfer for ever.
  return leader.transferTarget === undefined ? undefined : 'transferring'
}

function appendProposals(raft: RaftMachine, leader: Leader, payloads: readonly Payload[], ifMembershipIndex?: Index): ProposeResult {
  const refused = refusal(raft, leader)
  if (refused !== undefined) return refuse(raft, refused)
  const pendingBefore = leader.pendingChange
  const first = raft.log.lastIndex + 1
  let taken = payloads
  for (let place = 0; place < payloads.length; place++) {
    const payload = payloads[place]!
    if (payload.type !== 'membership') continue
    const reason = untakeable(raft, leader, payload.change, ifMembershipIndex)
    if (reason === undefined) leader.pendingChange = first + place
    else if (raft.settings.untakenChange === 'refuse') return refuseAll(raft, leader, pendingBefore, reason)
    else taken = taken.with(place, { type: 'empty' })
  }
  const entries = taken.map((payload, place) => entryOf(raft.term, first + place, payload))
  if (!raft.appendOwn(leader, entries)) return refuseAll(raft, leader, pendingBefore, 'too-many-uncommitted')
  replicateToAll(raft, leader)
  return { accepted: true, term: raft.term, index: first }
}

/** Why a membership change cannot be taken now. One at a time (thesis §4.1), and the last one must be applied, since only then does it count. */
function untakeable(raft: RaftMachine, leader: Leader, change: MembershipChange, ifMembershipIndex?: Index): Refusal | undefined {
  if (!raft.settings.checkMembershipChanges) return undefined
  if (leader.pendingChange > raft.log.applied) return 'change-pending'
  if (ifMembershipIndex !== undefined && ifMembershipIndex !== raft.membershipIndex) return 'stale-membership'
  const leaves = changesNothing(change)
  if (isJoint(raft.membership) && !leaves) return 'joint'
  if (!isJoint(raft.membership) && leaves) return 'not-joint'
  if (raft.settings.untakenChange === 'refuse' && !changeMembership(raft.membership, change).ok) return 'invalid-change'
  return undefined
}

function refuseAll(raft: RaftMachine, leader: Leader, pendingBefore: Index, reason: Refusal): ProposeResult {
  leader.pendingChange = pendingBefore
  return refuse(raft, reason)
}

function refuse(raft: RaftMachine, reason: Refusal): ProposeResult {
  return { accepted: false, reason, leader: raft.leader }
}

/** A follower forwarded these. */
export function takeProposals(raft: RaftMachine, _leader: Leader, message: MessageOf<'propose'>): void {
  const result = propose(raft, message.entries.map(payloadOf))
  if (result.accepted === false) raft.refuseMessage(result.reason)
}

export function passProposalsOn(raft: RaftMachine, follower: Follower, message: MessageOf<'propose'>): void {
  if (follower.leader === undefined || !raft.settings.forwardProposals) raft.refuseMessage('no-leader')
  else raft.post({ ...message, to: follower.leader })
}

export function refuseProposals(raft: RaftMachine): void {
  raft.refuseMessage('no-leader')
}

function entryOf(term: Term, index: Index, payload: Payload): Entry {
  if (payload.type === 'command') return { term, index, type: 'command', data: payload.data }
  if (payload.type === 'empty') return { term, index, type: 'empty' }
  return { term, index, type: 'membership', change: payload.change }
}

function payloadOf(entry: Entry): Payload {
  if (entry.type === 'command') return { type: 'command', data: entry.data }
  if (entry.type === 'membership') return { type: 'membership', change: entry.change }
  return { type: 'empty' }
}
