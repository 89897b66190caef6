import type { Index, NodeId, Position, Term } from './log/entry.ts'
import type { Message } from './messages.ts'
import type { RaftMachine } from './raft.ts'
import type { Ready, SaveReceipt } from './ready.ts'
import type { RoleName } from './roles.ts'
import { traceState } from './state-trace.ts'

/** What has gathered for the driver since the last Ready, and what is still out with it. */
export type Outbox = {
  /** Messages that rest on nothing, and those that rest on the next save, answers to the node itself among them. */
  free: Message[]
  promises: Message[]
  /** What the driver was last given of the hard and of the soft state. */
  term: Term
  vote: NodeId | undefined
  commit: Index
  role: RoleName
  leader: NodeId | undefined
  /** Readys are numbered: the last one made, the last one whose save has ended, and the last one that holds a new term or vote. */
  made: number
  settled: number
  lastBallot: number
}

export function hasReady(raft: RaftMachine): boolean {
  const { outbox, log } = raft
  return (
    outbox.free.length > 0 ||
    outbox.promises.length > 0 ||
    log.hasUntaken ||
    log.hasAppliable(raft.settings.overlapping) ||
    (log.snapshot !== undefined && !log.snapshotTaken) ||
    raft.readsAnswered.length > 0 ||
    hardStateChanged(raft) ||
    softStateChanged(raft) ||
    raft.repair?.state === 'saved'
  )
}

function hardStateChanged({ outbox, term, vote, log }: RaftMachine): boolean {
  return outbox.commit !== log.commit || outbox.term !== term || outbox.vote !== vote
}

function softStateChanged({ outbox, state, leader }: RaftMachine): boolean {
  return outbox.role !== state.name || outbox.leader !== leader
}

export function takeReady(raft: RaftMachine): Ready {
  const { outbox, log, settings } = raft
  if (outbox.settled < outbox.made && !settings.overlapping)
    throw new Error('finish the last Ready with advance() first, or set the option overlapping')
  const ballot = outbox.term !== raft.term || outbox.vote !== raft.vote
  const hardState = hardStateChanged(raft) ? raft.hardState() : undefined
  const softState = softStateChanged(raft) ? { role: raft.role, leader: raft.leader } : undefined
  const snapshot = log.snapshotTaken ? undefined : log.snapshot
  const entries = log.takeUnsaved()
  const apply = log.takeAppliable(settings.overlapping)
  const { free, promises } = outbox
  // A vote request can name a last entry that is not saved yet: a crash could then lose what a grant was given for. So nothing of a
  // term leaves before that term is on disk.
  const wait = settings.voteRequestsAwaitSave && (ballot || outbox.lastBallot > outbox.settled)
  const owed = toOthers(promises, raft.id)
  const reads = raft.readsAnswered
  const repaired = raft.repair?.state === 'saved'
  if (raft.repair && repaired) raft.repair.state = 'told'
  const receipt = makeReceipt(raft, ++outbox.made, wait ? [...free, ...promises] : promises, snapshot?.index ?? 0, repaired)

  if (hardState) outbox.commit = hardState.commit
  if (ballot) {
    outbox.term = raft.term
    outbox.vote = raft.vote
  }
  if (softState) {
    outbox.role = softState.role
    outbox.leader = softState.leader
  }
  if (snapshot) log.snapshotTaken = true
  if (ballot) outbox.lastBallot = outbox.made
  outbox.free = none
  outbox.promises = none
  if (reads.length > 0) raft.readsAnswered = []
  if (raft.stateTrace) traceState(raft, 'Ready')
  return {
    softState,
    send: wait ? none : free,
    hardState,
    entries,
    snapshot,
    repaired,
    mustSync: ballot || entries.length > 0 || snapshot !== undefined || repaired,
    sendAfterSave: wait ? [...free, ...owed] : owed,
    apply,
    reads: reads.length === 0 ? none : reads,
    receipt,
  }
}

/** Most Readys have little in them: what is empty is one array for all. `post` and `promise` start a new one. */
const none: never[] = []

function toOthers(promises: readonly Message[], id: NodeId): readonly Message[] {
  // All are own on a leader, none on a follower, mostly.
  let own = 0
  for (const message of promises) if (message.to === id) own++
  if (own === promises.length) return none
  return own === 0 ? promises : promises.filter(message => message.to !== id)
}

/** While anything of the log is not known to be saved, the receipt names the log's end: whichever save reaches it covers all before. */
function makeReceipt(
  raft: RaftMachine,
  number: number,
  promises: readonly Message[],
  snapshotIndex: number,
  repaired: boolean,
): SaveReceipt {
  const last: Position | undefined = raft.log.hasUnsaved ? raft.log.last : undefined
  return { number, promises, term: raft.term, last, snapshotIndex, repaired }
}
