import type { ProgressStatus, ProposeResult, Status } from '../../src/api.ts'
import type { Entry, MemberChange, MembershipChange } from '../../src/log/entry.ts'
import type { Message, MessageOf } from '../../src/messages.ts'
import type { HardState, ReadState } from '../../src/ready.ts'
import { formatPosition as at, formatMembership } from '../../src/trace-format.ts'

export function formatEntry(entry: Entry): string {
  if (entry.type === 'command') return `${at(entry)} ${new TextDecoder().decode(entry.data)}`
  return `${at(entry)} ${entry.type === 'empty' ? 'noop' : formatChange(entry.change)}`
}

function formatChange({ changes, transition, leaseReads }: MembershipChange): string {
  const setting = leaseReads === undefined ? [] : [`lease reads ${leaseReads ? 'on' : 'off'}`]
  const each = [...changes.map(formatMemberChange), ...setting].join(', ') || 'leave joint'
  return transition === 'auto' ? `(${each})` : `(${each}; ${transition})`
}

function formatMemberChange({ type, id, promote }: MemberChange): string {
  return `${type} ${id}${promote ? ' promote' : ''}`
}

export function formatMessage(message: Message): string {
  const mark = 'repairing' in message && message.repairing ? ' repairing' : ''
  return `${message.from} → ${message.to} ${message.type} ${formatBody(message)}`.trimEnd() + mark
}

function formatBody(message: Message): string {
  switch (message.type) {
    case 'requestVote':
      return `term=${message.term} last=${at(message.lastEntry)}${message.transfer ? ' transfer' : ''}`
    case 'preVote':
      return `term=${message.term} last=${at(message.lastEntry)}`
    case 'voteReply':
    case 'preVoteReply':
      return `${message.granted ? 'granted' : `refused commit=${at(message.commit)}`} term=${message.term}`
    case 'appendEntries':
      return `after=${at(message.after)} entries=[${message.entries.map(at).join(' ')}] commit=${message.commit}${message.repair === undefined ? '' : ` repair=${message.repair}`}`
    case 'appendReply':
      return message.accepted ? `accepted up to ${message.index}` : `rejected after ${message.index}, try ${at(message.hint)}`
    case 'heartbeat':
      return `commit=${message.commit}${formatToken(message)}`
    case 'heartbeatReply':
      return formatToken(message).trimStart()
    case 'installSnapshot':
      return `${at(message.snapshot)} ${formatMembership(message.snapshot.membership)}`
    case 'timeoutNow':
      return `last=${at(message.lastEntry)}`
    case 'transferLeader':
      return `to ${message.target}`
    case 'propose':
      return `${message.entries.length} entries`
    case 'readIndex':
      return message.context
    case 'readIndexReply':
      return `${message.context} ${message.index === undefined ? 'unconfirmed' : `at ${message.index}`}`
  }
}

function formatToken({ readToken, sentAt }: Pick<MessageOf<'heartbeat'>, 'readToken' | 'sentAt'>): string {
  return `${readToken === 0 ? '' : ` read=${readToken}`}${sentAt === undefined ? '' : ` sent=${sentAt}`}`
}

export function formatBallot({ term, vote }: HardState): string {
  return vote === undefined ? `term=${term}` : `term=${term} vote=${vote}`
}

export function formatRead(read: ReadState): string {
  return 'expired' in read ? `read ${read.context} has expired: ask again` : `may serve read ${read.context} once ${read.index} is applied`
}

export function formatOutcome(result: ProposeResult): string {
  if (result.accepted === true) return `accepted at ${at(result)}`
  if (result.accepted === 'forwarded') return `forwarded to ${result.leader}`
  return `refused, ${result.reason}: the leader is ${result.leader ?? 'unknown'}`
}

export function formatStatus({ id, role, term, leader, last, commit, applied }: Status): string {
  return `${id} ${role} term=${term} leader=${leader ?? 'unknown'} last=${at(last)} commit=${commit} applied=${applied}`
}

export function formatProgress({
  id,
  state,
  match,
  next,
  learner,
  paused,
  active,
  repairing,
  pendingSnapshot,
  inflight,
}: ProgressStatus): string {
  const notes = [
    learner && 'learner',
    paused && 'paused',
    !active && 'silent',
    repairing && 'repairing',
    inflight > 0 && `inflight=${inflight}`,
  ]
  const snapshot = pendingSnapshot > 0 && `snapshot=${pendingSnapshot}`
  return [`${id} ${state} match=${match} next=${next}`, ...notes, snapshot].filter(part => part !== false).join(' ')
}
