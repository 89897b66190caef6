import type { Entry, MembershipChange, Position } from './log/entry.ts'
import { membershipFault } from './membership/membership.ts'
import type { Message, MessageType, Snapshot } from './messages.ts'

/** Terms and indices stay so far below the limit of safe integers that adding one is always safe. */
const limit = Number.MAX_SAFE_INTEGER - 1

/**
 * What is wrong with a message from outside; undefined if nothing is. After this check every rule may rely on the types, but on
 * nothing else: the sender may still be mistaken or out of date.
 */
export function faultIn(message: Message): string | undefined {
  if (typeof message !== 'object' || message === null) return 'not a message'
  if (typeof message.from !== 'string' || message.from === '') return 'no sender'
  if (!isCount(message.term)) return 'term is not an index'
  if (message.term === 0 && !mayLackTerm(message.type)) return 'of no term'
  const sound = isSound(message)
  if (sound === undefined) return 'unknown type'
  return sound ? undefined : `malformed ${message.type}`
}

/** Undefined for a type that there is not. The two that a busy cluster exchanges come first. */
function isSound(m: Message): boolean | undefined {
  switch (m.type) {
    case 'appendEntries':
      return (
        isCount(m.session) &&
        isPosition(m.after) &&
        isCount(m.commit) &&
        m.after.term <= m.term &&
        followOn(m.entries, m.after, m.term) &&
        (m.repair === undefined || isCount(m.repair))
      )
    case 'appendReply':
      return isCount(m.session) && typeof m.accepted === 'boolean' && isCount(m.index) && isPosition(m.hint) && isMark(m.repairing)
    case 'heartbeat':
      return isCount(m.commit) && isCount(m.readToken) && isTime(m.sentAt)
    case 'heartbeatReply':
      return isCount(m.readToken) && isTime(m.sentAt) && isMark(m.repairing)
    case 'requestVote':
      return isPosition(m.lastEntry) && typeof m.transfer === 'boolean'
    case 'preVote':
      return isPosition(m.lastEntry)
    case 'voteReply':
    case 'preVoteReply':
      return typeof m.granted === 'boolean' && isPosition(m.commit) && isMark(m.repairing) && !(m.granted && m.repairing)
    case 'installSnapshot':
      return isCount(m.session) && isSnapshot(m.snapshot) && m.snapshot.term <= m.term
    case 'timeoutNow':
      return isPosition(m.lastEntry)
    case 'transferLeader':
      return typeof m.target === 'string'
    case 'propose':
      return Array.isArray(m.entries) && m.entries.length > 0 && m.entries.every(hasPayload)
    case 'readIndex':
      return typeof m.context === 'string'
    case 'readIndexReply':
      return typeof m.context === 'string' && (m.index === undefined || isCount(m.index))
    default:
      return undefined
  }
}

/** Nobody leads, votes or asks for votes before the first term; and what belongs to no term says so. */
function mayLackTerm(type: MessageType): boolean {
  return type === 'propose' || type === 'readIndex' || type === 'preVoteReply' || type === 'transferLeader' || type === 'readIndexReply'
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < limit
}

/** Of the sender's clock, where it is given. */
function isTime(value: unknown): boolean {
  return value === undefined || isCount(value)
}

function isMark(value: unknown): boolean {
  return value === undefined || value === true
}

function isPosition(value: Position | undefined): boolean {
  return typeof value === 'object' && value !== null && isCount(value.term) && isCount(value.index)
}

/** §5.3: a leader's entries are without gaps, each was made in a term, and their terms never fall nor exceed its own. */
function followOn(entries: readonly Entry[] | undefined, after: Position, term: number): boolean {
  if (!Array.isArray(entries)) return false
  let index = after.index
  let least = Math.max(after.term, 1)
  for (const entry of entries as readonly Entry[]) {
    if (!isPosition(entry) || entry.index !== ++index || entry.term < least || entry.term > term || !hasPayload(entry)) return false
    least = entry.term
  }
  return index < limit
}

function hasPayload(entry: Entry): boolean {
  if (typeof entry !== 'object' || entry === null) return false
  if (entry.type === 'command') return isBytes(entry.data)
  if (entry.type === 'empty') return true
  return entry.type === 'membership' && isChange(entry.change)
}

/** A caller's mistake: what is no bytes could be neither saved nor sent. @throws RangeError. */
export function requireCommands(commands: readonly Uint8Array[]): void {
  for (const command of commands) if (!isBytes(command)) throw new RangeError('a command is bytes: a Uint8Array')
}

/** Whether a caller may propose it: as far as can be said without the membership. */
export function isProposable(change: MembershipChange): boolean {
  return isChange(change) && change.changes.every(({ id }) => id !== '')
}

function isChange(change: MembershipChange | undefined): boolean {
  if (typeof change !== 'object' || change === null || !Array.isArray(change.changes)) return false
  if (change.transition !== 'auto' && change.transition !== 'implicit' && change.transition !== 'explicit') return false
  if (change.context !== undefined && !isBytes(change.context)) return false
  if (change.leaseReads !== undefined && typeof change.leaseReads !== 'boolean') return false
  return change.changes.every(
    one =>
      typeof one === 'object' && one !== null && typeof one.id === 'string' && ['voter', 'learner', 'remove', 'update'].includes(one.type),
  )
}

function isSnapshot(snapshot: Snapshot | undefined): boolean {
  return isPosition(snapshot) && snapshotFault(snapshot!) === undefined
}

/** What is wrong with a snapshot, from outside or from disk: its position, its membership or its data. */
export function snapshotFault({ term, index, membership, membershipIndex, data }: Snapshot): string | undefined {
  if (!isCount(term) || !isCount(index) || term === 0 || index === 0) return 'a snapshot needs a term and an index of at least 1'
  if (membershipIndex !== undefined && !isCount(membershipIndex)) return 'membershipIndex is not an index'
  return isBytes(data) ? membershipFault(membership) : 'the data of a snapshot are a Uint8Array'
}

/** Also when it was made in another realm, such as a test runner's. */
function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]'
}
