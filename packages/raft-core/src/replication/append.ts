import type { Index, Position } from '../log/entry.ts'
import type { MessageOf } from '../messages.ts'
import type { RaftMachine } from '../raft.ts'
import type { Candidate, Follower, PreCandidate } from '../roles.ts'
import { becomeFollower } from '../roles.ts'
import type { Trace } from '../trace.ts'
import { commitTo } from './commit.ts'
import { followLeader } from './follow.ts'
import { noteAgreement } from './repair.ts'

const nowhere: Position = { term: 0, index: 0 }

/** §5.2: a leader of our term exists, so we are not going to be it. */
export function yieldToEntries(raft: RaftMachine, _role: PreCandidate | Candidate, message: MessageOf<'appendEntries'>): void {
  acceptEntries(raft, becomeFollower(raft, raft.term, message.from, `${message.from} leads`), message)
}

/** §5.3: take the entries only if our log holds the one they follow. */
export function acceptEntries(raft: RaftMachine, follower: Follower, message: MessageOf<'appendEntries'>): void {
  followLeader(raft, follower, message.from)
  const { log } = raft
  const { after, entries } = message
  // What is committed agrees already: an old or repeated message needs no more than our position.
  if (after.index < log.commit) return reply(raft, message, true, log.commit, nowhere)
  if (!log.holds(after)) return reject(raft, message)
  const first = log.firstNew(entries)
  if (first) takeFrom(raft, message, first.index)
  const last = after.index + entries.length
  commitTo(raft, Math.min(message.commit, last))
  reply(raft, message, true, last, nowhere)
}

function takeFrom(raft: RaftMachine, { after, entries, from }: MessageOf<'appendEntries'>, index: number): void {
  const { log } = raft
  raft.assert(index > log.commit, 'what is committed is never replaced')
  if (index <= log.lastIndex) {
    if (raft.trace) traceDropped(raft, raft.trace, index, `${from} has another entry there`)
    log.truncateFrom(index)
  }
  const added = index === after.index + 1 ? entries : entries.slice(index - after.index - 1)
  log.append(added)
  if (raft.trace) raft.trace({ type: 'append', first: added[0]!, last: added[added.length - 1]! })
}

/** Everything from `first` on is about to go. */
export function traceDropped({ log }: RaftMachine, trace: Trace, first: Index, because: string): void {
  trace({ type: 'truncate', first: { term: log.termAt(first)!, index: first }, last: log.last, because })
}

/** §5.3, the refined version: answer with the last place where we may agree, so that a whole term is skipped at once. */
function reject(raft: RaftMachine, message: MessageOf<'appendEntries'>): void {
  const { after } = message
  const hint = raft.log.lastNotAfter(Math.min(after.index, raft.log.lastIndex), after.term)
  if (raft.trace) {
    const ours = raft.log.termAt(after.index)
    const because = ours === undefined ? `its log ends at ${raft.log.lastIndex}` : `its entry ${after.index} is of term ${ours}`
    raft.trace({ type: 'reject', from: message.from, after, because })
  }
  reply(raft, message, false, after.index, hint)
}

function reply(raft: RaftMachine, message: MessageOf<'appendEntries'>, accepted: boolean, index: number, hint: Position): void {
  const { from: to, session } = message
  if (accepted && raft.repair) noteAgreement(raft, message, index)
  raft.promise({ type: 'appendReply', from: raft.id, to, term: raft.term, session, accepted, index, hint })
}
