// For tools of this repository that must tell two states of a node apart: not part of the public interface, and free to change.

import type { Raft } from './api.ts'
import type { RaftMachine } from './raft.ts'
import type { Progress } from './replication/progress.ts'
import type { Role } from './roles.ts'

/**
 * All that decides what a node will do, as plain data: two nodes with the same id, options and state answer the same calls alike. Maps are
 * keyed by node. Left out is what follows from the rest, and the count of bytes that are being applied: set no `maxApplyBytes`.
 */
export function stateOf(core: Raft): object {
  const raft = core as RaftMachine
  const { log, outbox } = raft
  return {
    id: raft.id,
    term: raft.term,
    vote: raft.vote,
    role: roleState(raft.state),
    membership: raft.membership,
    membershipIndex: raft.membershipIndex,
    membershipAppliedTo: raft.membershipAppliedTo,
    newestSnapshot: raft.newestSnapshot,
    elapsed: raft.elapsed,
    heartbeatElapsed: raft.heartbeatElapsed,
    electionTimeout: raft.electionTimeout,
    resigned: raft.resigned,
    now: raft.now,
    promisedTicks: raft.promisedTicks,
    repair: raft.repair,
    readsAwaitingCommit: raft.readsAwaitingCommit,
    forwardedReads: [...raft.forwardedReads],
    readsAnswered: raft.readsAnswered,
    log: {
      first: log.firstIndex,
      base: log.termAt(log.firstIndex - 1),
      entries: raft.entries(log.firstIndex, log.lastIndex),
      saved: log.saved,
      taken: log.taken,
      commit: log.commit,
      applied: log.applied,
      applying: log.applying,
      snapshot: log.snapshot,
      snapshotTaken: log.snapshotTaken,
      newestMembership: log.newestMembership,
    },
    // Readys are told apart by their numbers alone, so what counts is how far each lies after the last one that is settled.
    outbox: { ...outbox, made: outbox.made - outbox.settled, settled: 0, lastBallot: Math.max(0, outbox.lastBallot - outbox.settled) },
  }
}

function roleState(role: Role): object {
  if (role.name !== 'leader') return role
  return { ...role, progress: new Map([...role.progress].map(([id, progress]) => [id, progressState(progress)])) }
}

function progressState({ session, match, next, flow, active, sentCommit, repair }: Progress): object {
  const paused = flow.state === 'snapshot' ? flow.index : flow.paused
  return {
    session,
    match,
    next,
    state: flow.state,
    paused,
    active,
    sentCommit,
    repair,
    inflight: flow.state === 'replicate' ? flow.inflight.ends : [],
  }
}
