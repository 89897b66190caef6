import type { Entry, MembershipChange, Message, Position, RaftOptions } from 'raft-core'
import { showMembership } from './invariants/config-history.ts'

type TraceEvent = Parameters<NonNullable<RaftOptions['trace']>>[0]

const at = ({ index, term }: Position) => `${index}@${term}`

/** A message on one line, in the words of the paper. */
export function describeMessage(message: Message): string {
  return `${message.type} t${message.term} ${details(message)}`.trimEnd()
}

function details(message: Message): string {
  switch (message.type) {
    case 'requestVote':
      return `last=${at(message.lastEntry)}${message.transfer ? ' transfer' : ''}`
    case 'preVote':
    case 'timeoutNow':
      return `last=${at(message.lastEntry)}`
    case 'voteReply':
    case 'preVoteReply':
      return message.granted ? 'granted' : `refused commit=${at(message.commit)}`
    case 'appendEntries':
      return `after=${at(message.after)} [${message.entries.map(showEntry).join(' ')}] commit=${message.commit}`
    case 'appendReply':
      return message.accepted ? `to=${message.index}` : `rejected=${message.index} hint=${at(message.hint)}`
    case 'heartbeat':
      return `commit=${message.commit} token=${message.readToken}${sent(message.sentAt)}`
    case 'heartbeatReply':
      return `token=${message.readToken}${sent(message.sentAt)}`
    case 'installSnapshot':
      return `${at(message.snapshot)} ${showMembership(message.snapshot.membership)}`
    case 'transferLeader':
      return `to=${message.target}`
    case 'propose':
      return `[${message.entries.map(showEntry).join(' ')}]`
    case 'readIndex':
      return message.context
    case 'readIndexReply':
      return `${message.context} ${message.index ?? 'cannot confirm'}`
  }
}

function sent(at: number | undefined): string {
  return at === undefined ? '' : ` sent=${at}`
}

function showEntry(entry: Entry): string {
  if (entry.type === 'membership') return `${at(entry)}:${describeChange(entry.change)}`
  return entry.type === 'empty' ? `${at(entry)}:empty` : at(entry)
}

export function describeChange({ transition, changes, leaseReads }: MembershipChange): string {
  if (changes.length === 0 && leaseReads === undefined) return 'leave-joint'
  const list = changes.map(({ type, id, promote }) => `${type} ${id}${promote ? ' promote' : ''}`)
  if (leaseReads !== undefined) list.push(`lease-reads ${leaseReads ? 'on' : 'off'}`)
  return `{${list.join(', ')}${transition === 'auto' ? '' : ` ${transition}`}}`
}

/** The core's own account of what it does and why. */
export function describeTrace(event: TraceEvent): string {
  const { type, ...rest } = event
  const words = Object.entries(rest).flatMap(([name, value]) =>
    name === 'because' || value === undefined ? [] : [`${name}=${show(value)}`],
  )
  return `${type} ${words.join(' ')}${'because' in event ? `: ${event.because}` : ''}`
}

function show(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  if ('voters' in value) return showMembership(value as Parameters<typeof showMembership>[0])
  return at(value as Position)
}
