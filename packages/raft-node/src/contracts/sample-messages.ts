import type { Message, MessageOf, NodeId } from 'raft-core'
import type { PeerMessage, SnapshotMeta } from '../ports.ts'

/** What a transport has to carry: messages, and a snapshot with its announcement. */
const members = { voters: ['n1', 'n2'], outgoing: ['n3'], learners: ['n4'], learnersNext: ['n3'], autoLeave: true, promoting: ['n4'] }

/** One of each type, with the values that codecs get wrong: zero, the largest, empty, absent. */
export function everyMessage(from: NodeId, to: NodeId): PeerMessage[] {
  const large = Number.MAX_SAFE_INTEGER
  const at = { from, to, term: 3 }
  const position = { term: 2, index: large }
  const change = { transition: 'auto', changes: [{ type: 'learner', id: 'n4', promote: true }], context: bytes(1, 2) } as const
  return [
    { ...at, type: 'requestVote', lastEntry: position, transfer: true },
    { ...at, type: 'voteReply', granted: false, commit: { term: 2, index: 7 } },
    { ...at, type: 'preVote', lastEntry: { term: 0, index: 0 } },
    { ...at, type: 'preVoteReply', granted: true, commit: { term: 0, index: 0 } },
    { ...at, type: 'appendEntries', session: 0, after: { term: 0, index: 0 }, entries: [], commit: 0 },
    {
      ...at,
      type: 'appendEntries',
      session: 5,
      after: { term: 1, index: 6 },
      entries: [
        { term: 1, index: 7, type: 'command', data: bytes(0, 255) },
        { term: 2, index: 8, type: 'command', data: bytes() },
        { term: 2, index: 9, type: 'empty' },
        { term: 2, index: 10, type: 'membership', change },
      ],
      commit: large,
    },
    { ...at, type: 'appendReply', session: large, accepted: false, index: 9, hint: position },
    { ...at, type: 'heartbeat', commit: 2 ** 32, readToken: 0 },
    {
      ...at,
      type: 'heartbeat',
      commit: 1,
      readToken: 0,
      freshness: { life: 2 ** 48 - 1, at: 0, knows: { life: 0, at: large, commit: 7 } },
    },
    { ...at, type: 'heartbeatReply', readToken: 17 },
    { ...at, type: 'heartbeatReply', readToken: 0, freshness: { life: 1, at: large, heard: 0 } },
    { ...at, type: 'timeoutNow', lastEntry: position },
    { ...at, term: 0, type: 'transferLeader', target: 'n3~2' },
    { ...at, term: 0, type: 'propose', entries: [{ term: 0, index: 0, type: 'command', data: bytes(1, 2, 3) }] },
    { ...at, term: 0, type: 'readIndex', context: 'n1 ü 7' },
    { ...at, type: 'readIndexReply', context: '', index: undefined },
    { ...at, type: 'readIndexReply', context: 'x', index: 12 },
  ]
}

export function heartbeat(from: NodeId, to: NodeId): Message {
  return { type: 'heartbeat', from, to, term: 1, commit: 1, readToken: 0 }
}

export function snapshotOf(
  a: { readonly id: NodeId },
  b: { readonly id: NodeId },
  size: number,
): { message: MessageOf<'installSnapshot'>; meta: SnapshotMeta } {
  const position = { term: 2, index: 30 }
  const about = { id: 'n1', address: 'a:1', clientAddress: '', incarnation: 'i' }
  return {
    message: {
      type: 'installSnapshot',
      from: a.id,
      to: b.id,
      term: 2,
      session: 4,
      snapshot: { ...position, membership: members, data: bytes(9) },
    },
    meta: { ...position, membership: members, membershipIndex: 20, members: [about], chain: 0xffffffff, size, checksum: 0xfffffffe },
  }
}

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}
