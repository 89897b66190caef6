import type { NodeId } from 'raft-core'
import type { Engine } from './engine.ts'
import { RaftError } from './errors.ts'
import type { Leading } from './leading.ts'
import { type Deadline, gaveUp, remainingMs } from './wait.ts'

/**
 * The voter that is closest to our log, among those that can be reached and stay. One that could write comes first, then one that has
 * answered lately.
 */
export function successor(engine: Engine<unknown>, suits = (id: NodeId) => engine.members.isVoter(id)): NodeId | undefined {
  const { raft, peers, identity, space } = engine
  const candidates = raft.status().progress.filter(({ id, repairing }) => {
    return !repairing && id !== identity.nodeId && suits(id) && peers.isConnected(id) && !peers.isClosing(id)
  })
  const full = (id: NodeId) => Number(space.isPeerFull(id))
  candidates.sort((a, b) => full(a.id) - full(b.id) || Number(b.active) - Number(a.active) || b.match - a.match)
  return candidates[0]?.id
}

/** Moves leadership (thesis §3.10), from the leader itself or by asking it; resolves with who leads then. */
export async function transferTo(
  engine: Engine<unknown>,
  leading: Leading,
  target: NodeId | undefined,
  deadline: Deadline,
): Promise<NodeId> {
  const { raft, members, identity, ports, settings, changed, faults } = engine
  if (deadline.signal?.aborted) throw gaveUp()
  const before = raft.leader
  if (before === undefined) throw leading.notLeader()
  // A follower does not know who has most of the log; it offers itself, and the leader waits until it has everything.
  const chosen = target ?? (raft.role === 'leader' ? successor(engine) : identity.nodeId)
  if (chosen === undefined) throw new RaftError('INVALID_ARGUMENT', 'no other voter can be reached, so leadership stays where it is')
  if (!members.isVoter(chosen)) throw new RaftError('NOT_A_MEMBER', `${chosen} is not a voter, so it cannot lead`)
  if (chosen === before) return before
  const asked = raft.transferLeadership(chosen)
  if (!asked.accepted) throw new RaftError('INVALID_ARGUMENT', `leadership cannot move to ${chosen}: ${asked.reason}`)
  engine.wake()
  while (raft.leader === undefined || raft.leader === before) {
    faults.check()
    if (engine.stopped) throw mayMove('NODE_STOPPED', chosen, 'this node has stopped')
    const left = remainingMs(ports.clock, deadline)
    if (deadline.signal?.aborted) throw mayMove('ABORTED', chosen, 'the caller gave up waiting')
    if (left === 0) throw mayMove('TIMED_OUT', chosen, `nobody leads anew within ${deadline.timeoutMs} ms`)
    await changed.next(Math.min(left, settings.tickMs), deadline.signal)
  }
  return raft.leader
}

function mayMove(code: 'ABORTED' | 'NODE_STOPPED' | 'TIMED_OUT', target: NodeId, why: string): RaftError {
  return new RaftError(code, `leadership has not moved to ${target}: ${why}. It still may: look who leads`)
}
