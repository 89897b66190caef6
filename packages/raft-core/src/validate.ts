import type { Entry, Position } from './log/entry.ts'
import type { Membership } from './membership/membership.ts'
import type { Message, MessageOf, MessageType, Snapshot } from './messages.ts'

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
  const check = Object.hasOwn(checks, message.type) ? checks[message.type] : undefined
  if (check === undefined) return 'unknown type'
  return (check as (message: Message) => boolean)(message) ? undefined : `malformed ${message.type}`
}

const checks: { readonly [T in MessageType]: (message: MessageOf<T>) => boolean } = {
  requestVote: m => m.term > 0 && isPosition(m.lastEntry) && typeof m.transfer === 'boolean',
  voteReply: m => typeof m.granted === 'boolean',
  preVote: m => m.term > 0 && isPosition(m.lastEntry),
  preVoteReply: m => typeof m.granted === 'boolean',
  appendEntries: m =>
    isCount(m.session) && isPosition(m.after) && isCount(m.commit) && m.after.term <= m.term && followOn(m.entries, m.after, m.term),
  appendReply: m => isCount(m.session) && typeof m.accepted === 'boolean' && isCount(m.index) && isPosition(m.hint),
  heartbeat: m => isCount(m.commit) && isCount(m.readToken),
  heartbeatReply: m => isCount(m.readToken),
  installSnapshot: m => isCount(m.session) && isSnapshot(m.snapshot) && m.snapshot.term <= m.term,
  timeoutNow: m => isPosition(m.lastEntry),
  transferLeader: m => typeof m.target === 'string',
  propose: m => Array.isArray(m.entries) && m.entries.length > 0 && m.entries.every(hasPayload),
  readIndex: m => typeof m.context === 'string',
  readIndexReply: m => typeof m.context === 'string' && (m.index === undefined || isCount(m.index)),
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < limit
}

function isPosition(value: Position | undefined): boolean {
  return typeof value === 'object' && value !== null && isCount(value.term) && isCount(value.index)
}

/** §5.3: a leader's entries are without gaps, and their terms never fall nor exceed its own. */
function followOn(entries: readonly Entry[] | undefined, after: Position, term: number): boolean {
  if (!Array.isArray(entries)) return false
  let { index, term: least } = after
  for (const entry of entries as readonly Entry[]) {
    if (!isPosition(entry) || entry.index !== ++index || entry.term < least || entry.term > term || !hasPayload(entry)) return false
    least = entry.term
  }
  return index < limit
}

function hasPayload(entry: Entry): boolean {
  if (typeof entry !== 'object' || entry === null) return false
  if (entry.type === 'command') return entry.data instanceof Uint8Array
  if (entry.type === 'empty') return true
  return entry.type === 'membership' && isChange(entry.change)
}

function isChange(change: Extract<Entry, { type: 'membership' }>['change'] | undefined): boolean {
  if (typeof change !== 'object' || change === null || !Array.isArray(change.changes)) return false
  if (change.transition !== 'auto' && change.transition !== 'implicit' && change.transition !== 'explicit') return false
  if (change.context !== undefined && !(change.context instanceof Uint8Array)) return false
  return change.changes.every(
    one =>
      typeof one === 'object' && one !== null && typeof one.id === 'string' && ['voter', 'learner', 'remove', 'update'].includes(one.type),
  )
}

function isSnapshot(snapshot: Snapshot | undefined): boolean {
  return isPosition(snapshot) && snapshot!.index > 0 && snapshot!.data instanceof Uint8Array && isMembership(snapshot!.membership)
}

function isMembership(membership: Membership | undefined): boolean {
  if (typeof membership !== 'object' || membership === null || typeof membership.autoLeave !== 'boolean') return false
  const { voters, outgoing, learners, learnersNext, promoting } = membership
  return [voters, outgoing, learners, learnersNext, promoting].every(ids => Array.isArray(ids) && ids.every(id => typeof id === 'string'))
}
