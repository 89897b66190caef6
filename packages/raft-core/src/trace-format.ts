import type { Position } from './log/entry.ts'
import type { Membership } from './membership/membership.ts'
import type { TraceEvent } from './trace.ts'

const ballots = { preVote: 'a pre-vote', vote: 'its vote' } as const
const flows = { probe: 'probes', replicate: 'replicates to', snapshot: 'sends a snapshot to' } as const
const roles = { follower: 'follower', preCandidate: 'pre-candidate', candidate: 'candidate', leader: 'leader' } as const

/** A trace event as a sentence without its subject, the node: `refuses n2: log is behind`. */
export function formatTrace(event: TraceEvent): string {
  switch (event.type) {
    case 'role':
      return `becomes ${roles[event.role]} in term ${event.term}: ${event.because}`
    case 'stays':
      return `does not campaign: ${event.because}`
    case 'leader':
      return event.leader === undefined ? `knows no leader in term ${event.term}` : `follows ${event.leader} in term ${event.term}`
    case 'vote':
      return formatVote(event)
    case 'votes':
      return `has ${count(event.granted, event.kind === 'vote' ? 'vote' : 'pre-vote')}, ${count(event.refused, 'refusal')}: ${event.outcome}`
    case 'append':
      return `appends ${formatRange(event.first, event.last)}`
    case 'truncate':
      return `drops ${formatRange(event.first, event.last)}: ${event.because}`
    case 'reject':
      return `rejects what ${event.from} sent after ${formatPosition(event.after)}: ${event.because}`
    case 'commit':
      return `commits ${formatRange(event.first, event.last)}`
    case 'membership':
      return `has the membership of entry ${event.index}: ${formatMembership(event.membership)}`
    case 'changeRefused':
      return `passes over the membership change of entry ${event.index}: ${event.because}`
    case 'readWaits':
      return `keeps read ${event.context} waiting: ${event.because}`
    case 'progress':
      return `${flows[event.state]} ${event.id}: ${event.because}`
    case 'snapshot':
      return formatSnapshot(event)
    case 'repaired':
      return `has repaired its log up to ${formatPosition(event.last)}`
    case 'read':
      return formatRead(event)
    case 'transfer':
      return formatTransfer(event)
    case 'ignore':
      return `ignores ${event.message} from ${event.from}: ${event.because}`
  }
}

/** `index@term`. */
export function formatPosition({ index, term }: Position): string {
  return `${index}@${term}`
}

/** `voters=(n1 n2)`, a joint membership's other majority after `&&`, and what else there is. */
export function formatMembership({ voters, outgoing, learners, learnersNext, autoLeave, promoting, leaseReads }: Membership): string {
  const parts = [`voters=(${voters.join(' ')})`]
  if (outgoing.length > 0) parts[0] += `&&(${outgoing.join(' ')})`
  if (learners.length > 0) parts.push(`learners=(${learners.join(' ')})`)
  if (learnersNext.length > 0) parts.push(`learnersNext=(${learnersNext.join(' ')})`)
  if (promoting.length > 0) parts.push(`promoting=(${promoting.join(' ')})`)
  if (autoLeave) parts.push('autoLeave')
  if (leaseReads) parts.push('leaseReads')
  return parts.join(' ')
}

type Event<T> = Extract<TraceEvent, { type: T }>

function formatVote({ kind, candidate, granted, because }: Event<'vote'>): string {
  if (granted) return `grants ${ballots[kind]} to ${candidate}: ${because}`
  return kind === 'vote' ? `refuses ${candidate}: ${because}` : `refuses ${candidate} a pre-vote: ${because}`
}

function formatSnapshot({ what, index, because }: Event<'snapshot'>): string {
  if (what === 'forwarded') return `moves its commit up to snapshot ${index}: ${because}`
  return `${{ sent: 'sends', installed: 'installs', refused: 'refuses' }[what]} snapshot ${index}: ${because}`
}

function formatRead({ context, index, because }: Event<'read'>): string {
  return index === undefined ? `gives up read ${context}: ${because}` : `answers read ${context} with ${index}: ${because}`
}

function formatTransfer({ target, what, because }: Event<'transfer'>): string {
  if (what === 'timeoutNow') return `tells ${target} to campaign: ${because}`
  return what === 'started' ? `starts to transfer leadership to ${target}: ${because}` : `ends the transfer to ${target}: ${because}`
}

function formatRange(first: Position, last: Position): string {
  return first.index === last.index ? formatPosition(first) : `${formatPosition(first)} to ${formatPosition(last)}`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
