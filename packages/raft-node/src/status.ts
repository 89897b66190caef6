import type { MemberStatus, NodeStatus } from './api.ts'
import type { Engine } from './engine.ts'

/** A picture of now, made from memory only. */
export function nodeStatus(engine: Engine<unknown>, closing: boolean): NodeStatus {
  const { raft, members, identity, settings, faults, snapshots, applier } = engine
  const { role, leader, term, commit, saved, first, last } = raft.status()
  return {
    identity,
    address: engine.address,
    clientAddress: settings.clientAddress,
    role,
    leader,
    term,
    commit,
    // What callers can see; the core counts a snapshot as applied once it is saved.
    applied: applier.applied.index,
    ageMs: engine.freshness.ageMs,
    saved,
    first,
    last,
    snapshotIndex: snapshots.newest,
    membership: members.membership,
    membershipIndex: members.membershipIndex,
    members: memberStatuses(engine),
    fault: faults.current,
    closing,
    repairs: engine.repairs,
    diskFull: engine.space.problem,
  }
}

function memberStatuses({ raft, members, peers, identity, settings }: Engine<unknown>): readonly MemberStatus[] {
  const progress = new Map(raft.status().progress.map(each => [each.id, each]))
  const electionMs = settings.electionTicks * settings.tickMs
  return members.current().map(info => {
    const known = progress.get(info.id)
    const isSelf = info.id === identity.nodeId
    const lastContactMs = isSelf ? 0 : peers.lastContactMs(info.id)
    return {
      ...info,
      voter: members.isVoter(info.id),
      learner: members.isLearner(info.id),
      match: known?.match,
      state: known?.state,
      // Not the core's own word, which starts anew once in every election timeout: nobody would seem to be there for a moment.
      active: known && lastContactMs !== undefined && lastContactMs < electionMs,
      lastContactMs,
      repairing: known?.repairing,
    }
  })
}
