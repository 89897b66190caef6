import type { Position } from './log/entry.ts'
import type { Message } from './messages.ts'
import type { RaftMachine } from './raft.ts'
import type { HardState, Ready, SaveReceipt, SoftState } from './ready.ts'
import { traceState } from './state-trace.ts'

/** What has gathered for the driver since the last Ready, and what is still out with it. */
export type Outbox = {
  /** Messages that rest on nothing, and those that rest on the next save, answers to the node itself among them. */
  free: Message[]
  promises: Message[]
  /** What the driver was last given. */
  hardState: HardState
  softState: SoftState
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
    softStateChanged(raft)
  )
}

function hardStateChanged({ outbox: { hardState }, term, vote, log }: RaftMachine): boolean {
  return hardState.term !== term || hardState.vote !== vote || hardState.commit !== log.commit
}

function softStateChanged({ outbox: { softState }, role, leader }: RaftMachine): boolean {
  return softState.role !== role || softState.leader !== leader
}

export function takeReady(raft: RaftMachine): Ready {
  const { outbox, log, settings } = raft
  if (outbox.settled < outbox.made && !settings.overlapping)
    throw new Error('finish the last Ready with advance() first, or set the option overlapping')
  const ballot = outbox.hardState.term !== raft.term || outbox.hardState.vote !== raft.vote
  const hardState = hardStateChanged(raft) ? raft.hardState() : undefined
  const softState = softStateChanged(raft) ? { role: raft.role, leader: raft.leader } : undefined
  const snapshot = log.snapshotTaken ? undefined : log.snapshot
  const entries = log.takeUnsaved()
  const apply = log.takeAppliable(settings.overlapping)
  const { free, promises } = outbox
  // A vote request can name a last entry that is not saved yet: a crash could then lose what a grant was given for. So nothing of a
  // term leaves before that term is on disk.
  const wait = settings.voteRequestsAwaitSave && (ballot || outbox.lastBallot > outbox.settled)
  const owed = promises.filter(message => message.to !== raft.id)
  const reads = raft.readsAnswered
  const receipt = makeReceipt(raft, ++outbox.made, wait ? [...free, ...promises] : promises, snapshot?.index ?? 0)

  if (hardState) outbox.hardState = hardState
  if (softState) outbox.softState = softState
  if (snapshot) log.snapshotTaken = true
  if (ballot) outbox.lastBallot = outbox.made
  outbox.free = []
  outbox.promises = []
  raft.readsAnswered = []
  if (raft.stateTrace) traceState(raft, 'Ready')
  return {
    softState,
    send: wait ? [] : free,
    hardState,
    entries,
    snapshot,
    mustSync: ballot || entries.length > 0 || snapshot !== undefined,
    sendAfterSave: wait ? [...free, ...owed] : owed,
    apply,
    reads,
    receipt,
  }
}

/** While anything of the log is not known to be saved, the receipt names the log's end: whichever save reaches it covers all before. */
function makeReceipt(raft: RaftMachine, number: number, promises: readonly Message[], snapshotIndex: number): SaveReceipt {
  const last: Position | undefined = raft.log.hasUnsaved ? raft.log.last : undefined
  return { number, promises, term: raft.term, last, snapshotIndex }
}
