import type { Entry, Message, MessageType, NodeId } from '../src/index.ts'
import type { Random } from './random.ts'

const types: readonly MessageType[] = [
  'requestVote',
  'voteReply',
  'preVote',
  'preVoteReply',
  'appendEntries',
  'appendReply',
  'heartbeat',
  'heartbeatReply',
  'installSnapshot',
  'timeoutNow',
  'transferLeader',
  'propose',
  'readIndex',
  'readIndexReply',
]

/** Well formed, but made up: small numbers, so that terms and indices meet those of the cluster. */
export function randomMessage(random: Random, ids: readonly NodeId[]): Message {
  const count = (): number => (random.chance(0.02) ? Number.MAX_SAFE_INTEGER - 2 - random.below(3) : random.below(30))
  const position = () => ({ term: random.below(8), index: count() })
  const after = position()
  const term = after.term + random.below(4)
  const entries: Entry[] = Array.from({ length: random.below(4) }, (_, i) => randomEntry(random, after.term, after.index + 1 + i))
  const list = () => ids.filter(() => random.chance(0.6))
  const membership = { voters: list(), outgoing: [], learners: [], learnersNext: [], autoLeave: random.chance(0.1), promoting: [] }
  const type = random.pick(types)
  const everything = {
    lastEntry: position(),
    transfer: random.chance(0.2),
    granted: random.chance(0.5),
    session: random.below(6),
    after,
    entries,
    commit: type === 'voteReply' || type === 'preVoteReply' ? position() : count(),
    accepted: random.chance(0.6),
    index: count(),
    hint: position(),
    readToken: random.below(10),
    sentAt: random.chance(0.5) ? count() : undefined,
    snapshot: { ...after, index: after.index + 1, membership, data: new Uint8Array() },
    target: random.pick(ids),
    context: `read-${random.below(1000)}`,
  }
  return { type, from: random.pick(ids), to: random.pick(ids), term, ...everything } as unknown as Message
}

function randomEntry(random: Random, term: number, index: number): Entry {
  if (random.chance(0.1)) return { term, index, type: 'empty' }
  if (random.chance(0.8)) return { term, index, type: 'command', data: random.bytes(4) }
  const change = { type: random.pick(['voter', 'learner', 'remove', 'update'] as const), id: `n${1 + random.below(5)}` }
  return {
    term,
    index,
    type: 'membership',
    change: {
      transition: random.pick(['auto', 'implicit', 'explicit'] as const),
      changes: [change],
      leaseReads: random.pick([undefined, undefined, true, false]),
      context: undefined,
    },
  }
}

/** A real message with something changed: another number, another type of value, or a field gone. */
export function mutate(random: Random, message: Message): Message {
  const copy = structuredClone(message) as unknown as Record<string, unknown>
  const target = random.chance(0.3) ? inner(random, copy) : copy
  const field = random.pick(Object.keys(target))
  target[field] = otherValue(random, target[field])
  return copy as unknown as Message
}

function inner(random: Random, message: Record<string, unknown>): Record<string, unknown> {
  const objects = Object.values(message).filter(value => typeof value === 'object' && value !== null && Object.keys(value).length > 0)
  return objects.length === 0 ? message : (random.pick(objects) as Record<string, unknown>)
}

const oddities: readonly unknown[] = [
  undefined,
  null,
  -1,
  0.5,
  Number.NaN,
  2 ** 60,
  '',
  'n9',
  '__proto__',
  true,
  [],
  {},
  [null],
  new Uint8Array(3),
]

function otherValue(random: Random, value: unknown): unknown {
  if (typeof value === 'number' && random.chance(0.8)) return Math.max(0, value + random.below(9) - 4)
  if (typeof value === 'boolean' && random.chance(0.7)) return !value
  return random.pick(oddities)
}
