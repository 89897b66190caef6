import { leaseStamp } from '../lease.ts'
import type { Entry, NodeId } from '../log/entry.ts'
import { payloadBytes } from '../log/entry.ts'
import type { RaftMachine } from '../raft.ts'
import type { Leader } from '../roles.ts'
import type { Progress } from './progress.ts'

/** §5.3: to every other member, also when there is nothing new: the message carries the commit index. */
export function replicateToAll(raft: RaftMachine, leader: Leader): void {
  for (const [id, progress] of leader.progress) if (id !== raft.id) replicateTo(raft, id, progress, true)
}

/** What comes next for this member, as far as its flow allows. Returns whether anything was sent. */
export function replicateTo(raft: RaftMachine, id: NodeId, progress: Progress, evenIfEmpty: boolean): boolean {
  if (progress.isPaused) return false
  const { log } = raft
  const afterIndex = progress.next - 1
  const afterTerm = log.termAt(afterIndex)
  if (afterTerm === undefined) return sendSnapshot(raft, id, progress)
  // A full window still lets an empty message through: if all that filled it was lost, its answer says so.
  const entries = progress.windowIsFull ? nothing : log.slice(progress.next, log.lastIndex, raft.settings.maxMessageBytes)
  if (entries.length === 0 && !evenIfEmpty) return false
  raft.post({
    type: 'appendEntries',
    from: raft.id,
    to: id,
    term: raft.term,
    session: progress.session,
    after: { term: afterTerm, index: afterIndex },
    entries,
    commit: log.commit,
    ...(progress.repair !== undefined && { repair: progress.repair }),
  })
  progress.sent(entries.length, raft.settings.maxInflightBytes === Infinity ? 0 : bytesOf(entries))
  progress.sentCommit = log.commit
  return true
}

const nothing: readonly Entry[] = []

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0
  for (const entry of entries) bytes += payloadBytes(entry)
  return bytes
}

/** §7: the member needs entries that are gone. Only to members that answer: a snapshot is too big to send into the void. */
function sendSnapshot(raft: RaftMachine, id: NodeId, progress: Progress): boolean {
  const snapshot = raft.newestSnapshot
  if (!progress.active || snapshot === undefined) return false
  if (raft.trace)
    raft.trace({
      type: 'snapshot',
      index: snapshot.index,
      term: snapshot.term,
      what: 'sent',
      because: `${id} needs entry ${progress.next}, which is compacted`,
    })
  progress.awaitSnapshot(snapshot.index)
  raft.post({ type: 'installSnapshot', from: raft.id, to: id, term: raft.term, session: progress.session, snapshot })
  return true
}

/** §5.2. While a read waits, every heartbeat carries its token, so that any answer can confirm it. */
export function broadcastHeartbeat(raft: RaftMachine, leader: Leader, readToken: number): void {
  const sentAt = leaseStamp(raft)
  for (const [id, progress] of leader.progress) {
    if (id === raft.id) continue
    // No more than the member is known to hold: it commits what we tell it to.
    const commit = Math.min(progress.match, raft.log.commit)
    raft.post({ type: 'heartbeat', from: raft.id, to: id, term: raft.term, commit, readToken, sentAt })
    progress.sentCommit = commit
  }
}
