import type { Leadership, MembershipView } from './api.ts'
import type { Engine } from './engine.ts'

export function leaderships(engine: Engine<unknown>, signal: AbortSignal | undefined): AsyncGenerator<Leadership> {
  const { raft, identity } = engine
  const look = () => ({ term: raft.term, leader: raft.leader, isLeader: raft.role === 'leader' && raft.leader === identity.nodeId })
  return newest(
    engine,
    look,
    (one, other) => one.term === other.term && one.leader === other.leader && one.isLeader === other.isLeader,
    signal,
  )
}

export function membershipViews(engine: Engine<unknown>, signal: AbortSignal | undefined): AsyncGenerator<MembershipView> {
  const { members } = engine
  const look = () => ({ membership: members.membership, index: members.membershipIndex, members: members.current() })
  return newest(engine, look, (one, other) => one.index === other.index, signal)
}

/** What is there now, and whenever it has become another; who reads slowly gets the newest. Ends with the signal, or with the node. */
async function* newest<View>(
  engine: Engine<unknown>,
  look: () => View,
  areSame: (one: View, other: View) => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<View> {
  let told: View | undefined
  while (!engine.stopped && !signal?.aborted) {
    const now = look()
    if (told === undefined || !areSame(told, now)) {
      told = now
      yield now
    } else await engine.changed.next(undefined, signal)
  }
}
