import type { Membership, MessageBodies, MessageOf, MessageType, NodeId, Position, Snapshot, Term } from 'raft-core'
import { decodeEntries, encodeEntries } from '../entry-codec.ts'
import { addressLengthMax, idLengthMax } from '../member-info.ts'
import type { FreshnessNote, Knowledge, MemberInfo, PeerMessage, SnapshotMeta } from '../ports.ts'
import { type Field, tupleBytes, writeTuple } from '../write-tuple.ts'
import { frameType, makeFrame } from './frame.ts'
import { corrupt, packTuple, type TupleReader, unpackTuple } from './tuple.ts'

/**
 * A message as a frame, ready for the socket: `[number of the type, from, to, term, ...fields of the type]`; in heartbeats and their answers
 * a note follows.
 */
export function messageFrame(message: PeerMessage): Buffer {
  const fields = messageFields(message)
  return makeFrame(frameType.message, tupleBytes(fields), (frame, at) => void writeTuple(frame, at, fields))
}

/** Throws RaftError CORRUPT, and nothing else, for anything that `messageFrame` does not write. */
export function decodeMessage(bytes: Buffer): PeerMessage {
  const reader = unpackTuple(bytes)
  const message = readMessage(reader)
  reader.end()
  return message
}

export function encodeSnapshotHeader(message: MessageOf<'installSnapshot'>, meta: SnapshotMeta): Buffer {
  return packTuple([messageFields(message), metaFields(meta)])
}

/** Throws RaftError CORRUPT, and nothing else. */
export function decodeSnapshotHeader(bytes: Buffer): { readonly message: MessageOf<'installSnapshot'>; readonly meta: SnapshotMeta } {
  const reader = unpackTuple(bytes)
  const head = reader.tuple()
  const message = readMessage(head)
  head.end()
  const meta = readMeta(reader.tuple())
  reader.end()
  if (message.type !== 'installSnapshot') throw corrupt('the message that announces a snapshot')
  return { message, meta }
}

/** Whom a message comes from and goes to, and in which term. */
type Envelope = { readonly from: NodeId; readonly to: NodeId; readonly term: Term }

type BodyCodec<T extends MessageType> = {
  /** On the wire for ever: a number is never used again for something else. */
  readonly number: number
  write(body: MessageBodies[T]): Field[]
  /**
   * The whole message, written out: put together from an envelope and a body, each would get its shape step by step, in a way that V8 does
   * not remember.
   */
  read(reader: TupleReader, envelope: Envelope): MessageOf<T>
}

/** One row for each type of message; the compiler refuses a missing one. */
const bodies: { readonly [T in MessageType]: BodyCodec<T> } = {
  requestVote: {
    number: 1,
    write: body => [...positionFields(body.lastEntry), body.transfer],
    read: (reader, { from, to, term }) => ({
      type: 'requestVote',
      from,
      to,
      term,
      lastEntry: readPosition(reader),
      transfer: reader.flag(),
    }),
  },
  voteReply: {
    number: 2,
    write: writeBallot,
    read: (reader, { from, to, term }) => ({ type: 'voteReply', from, to, term, ...readBallot(reader) }),
  },
  preVote: {
    number: 3,
    write: body => positionFields(body.lastEntry),
    read: (reader, { from, to, term }) => ({ type: 'preVote', from, to, term, lastEntry: readPosition(reader) }),
  },
  preVoteReply: {
    number: 4,
    write: writeBallot,
    read: (reader, { from, to, term }) => ({ type: 'preVoteReply', from, to, term, ...readBallot(reader) }),
  },
  appendEntries: {
    number: 5,
    write: body => [body.session, ...positionFields(body.after), encodeEntries(body.entries), body.commit, body.repair ?? null],
    read: readAppend,
  },
  appendReply: {
    number: 6,
    write: body => [body.session, body.accepted, body.index, ...positionFields(body.hint), body.repairing === true],
    read: readAppendReply,
  },
  heartbeat: {
    number: 7,
    write: body => [body.commit, body.readToken, body.sentAt ?? null],
    read: (reader, { from, to, term }) => ({
      type: 'heartbeat',
      from,
      to,
      term,
      commit: reader.integer(),
      readToken: reader.integer(),
      sentAt: reader.optional(field => field.integer()),
    }),
  },
  heartbeatReply: {
    number: 8,
    write: body => [body.readToken, body.sentAt ?? null, body.repairing === true],
    read: readHeartbeatReply,
  },
  installSnapshot: {
    number: 9,
    write: ({ session, snapshot }) => [session, ...positionFields(snapshot), membershipFields(snapshot.membership), snapshot.data],
    read: (reader, { from, to, term }) => ({
      type: 'installSnapshot',
      from,
      to,
      term,
      session: reader.integer(),
      snapshot: readSnapshot(reader),
    }),
  },
  timeoutNow: {
    number: 10,
    write: body => positionFields(body.lastEntry),
    read: (reader, { from, to, term }) => ({ type: 'timeoutNow', from, to, term, lastEntry: readPosition(reader) }),
  },
  transferLeader: {
    number: 11,
    write: body => [body.target],
    read: (reader, { from, to, term }) => ({ type: 'transferLeader', from, to, term, target: readId(reader) }),
  },
  propose: {
    number: 12,
    write: body => [encodeEntries(body.entries)],
    read: (reader, { from, to, term }) => ({ type: 'propose', from, to, term, entries: decodeEntries(reader.view()) }),
  },
  readIndex: {
    number: 13,
    write: body => [body.context],
    read: (reader, { from, to, term }) => ({ type: 'readIndex', from, to, term, context: reader.text(contextLengthMax) }),
  },
  readIndexReply: {
    number: 14,
    write: body => [body.context, body.index ?? null],
    read: (reader, { from, to, term }) => ({
      type: 'readIndexReply',
      from,
      to,
      term,
      context: reader.text(contextLengthMax),
      index: reader.optional(field => field.integer()),
    }),
  },
}
const typeByNumber = new Map(Object.entries(bodies).map(([type, body]) => [body.number, type as MessageType]))

const contextLengthMax = 4_096

function messageFields(message: PeerMessage): Field[] {
  const codec = bodies[message.type] as BodyCodec<MessageType>
  const fields = [codec.number, message.from, message.to, message.term, ...codec.write(message)]
  if (carriesNote(message.type)) fields.push(noteFields(message.freshness))
  return fields
}

function carriesNote(type: MessageType): boolean {
  return type === 'heartbeat' || type === 'heartbeatReply'
}

function noteFields(note: FreshnessNote | undefined): Field {
  if (note === undefined) return null
  const { life, at, knows, heard } = note
  return [life, at, knows === undefined ? null : [knows.life, knows.at, knows.commit], heard ?? null]
}

function readNote(reader: TupleReader): FreshnessNote {
  const [life, at, knows] = [reader.integer(), reader.integer(), reader.optional(field => readKnowledge(field.tuple()))]
  const heard = reader.optional(field => field.integer())
  reader.end()
  return { life, at, knows, heard }
}

function readKnowledge(reader: TupleReader): Knowledge {
  const knowledge = { life: reader.integer(), at: reader.integer(), commit: reader.integer() }
  reader.end()
  return knowledge
}

function readMessage(reader: TupleReader): PeerMessage {
  const type = typeByNumber.get(reader.integer())
  if (type === undefined) throw corrupt('a type of message that this version knows')
  const envelope = { from: readId(reader), to: readId(reader), term: reader.integer() }
  const message = bodies[type].read(reader, envelope)
  const freshness = carriesNote(type) ? reader.optional(field => readNote(field.tuple())) : undefined
  return freshness === undefined ? message : Object.assign(message, { freshness })
}

function readAppend(reader: TupleReader, { from, to, term }: Envelope): MessageOf<'appendEntries'> {
  const session = reader.integer()
  const after = readPosition(reader)
  const entries = decodeEntries(reader.view())
  const commit = reader.integer()
  const repair = reader.optional(field => field.integer())
  const type = 'appendEntries'
  if (repair === undefined) return { type, from, to, term, session, after, entries, commit }
  return { type, from, to, term, session, after, entries, commit, repair }
}

/** `repairing` is absent, and not undefined, where it does not say so: most messages are of this shape. */
function readAppendReply(reader: TupleReader, { from, to, term }: Envelope): MessageOf<'appendReply'> {
  const session = reader.integer()
  const accepted = reader.flag()
  const index = reader.integer()
  const hint = readPosition(reader)
  const type = 'appendReply'
  if (!reader.flag()) return { type, from, to, term, session, accepted, index, hint }
  return { type, from, to, term, session, accepted, index, hint, repairing: true }
}

function readHeartbeatReply(reader: TupleReader, { from, to, term }: Envelope): MessageOf<'heartbeatReply'> {
  const readToken = reader.integer()
  const sentAt = reader.optional(field => field.integer())
  const type = 'heartbeatReply'
  if (!reader.flag()) return { type, from, to, term, readToken, sentAt }
  return { type, from, to, term, readToken, sentAt, repairing: true }
}

export function readId(reader: TupleReader): string {
  const id = reader.text(idLengthMax)
  if (id === '') throw corrupt('the id of a node')
  return id
}

function writeBallot({ granted, commit, repairing }: MessageBodies['voteReply']): Field[] {
  return [granted, ...positionFields(commit), repairing === true]
}

function readBallot(reader: TupleReader): MessageBodies['voteReply'] {
  const ballot = { granted: reader.flag(), commit: readPosition(reader) }
  return reader.flag() ? { ...ballot, repairing: true } : ballot
}

export function positionFields(position: Position): Field[] {
  return [position.term, position.index]
}

export function readPosition(reader: TupleReader): Position {
  return { term: reader.integer(), index: reader.integer() }
}

function readSnapshot(reader: TupleReader): Snapshot {
  return { ...readPosition(reader), membership: readMembership(reader.tuple()), data: reader.bytes() }
}

function membershipFields(members: Membership): Field[] {
  const { voters, outgoing, learners, learnersNext, autoLeave, promoting, leaseReads } = members
  return [voters, outgoing, learners, learnersNext, autoLeave, promoting, leaseReads === true]
}

function readMembership(reader: TupleReader): Membership {
  const membership = {
    voters: reader.list(readId),
    outgoing: reader.list(readId),
    learners: reader.list(readId),
    learnersNext: reader.list(readId),
    autoLeave: reader.flag(),
    promoting: reader.list(readId),
  }
  const leaseReads = reader.flag()
  reader.end()
  return leaseReads ? { ...membership, leaseReads } : membership
}

function metaFields(meta: SnapshotMeta): Field[] {
  const members = meta.members.map(member => [member.id, member.address, member.clientAddress, member.incarnation])
  const { membership, membershipIndex, chain, size, checksum, hasNodePart = false } = meta
  return [...positionFields(meta), membershipFields(membership), membershipIndex, members, chain, size, checksum, hasNodePart]
}

function readMeta(reader: TupleReader): SnapshotMeta {
  const meta = {
    ...readPosition(reader),
    membership: readMembership(reader.tuple()),
    membershipIndex: reader.integer(),
    members: reader.list(list => readMember(list.tuple())),
    chain: reader.integer(),
    size: reader.integer(),
    checksum: reader.integer(),
  }
  const hasNodePart = reader.flag()
  reader.end()
  return hasNodePart ? { ...meta, hasNodePart } : meta
}

function readMember(reader: TupleReader): MemberInfo {
  const member = {
    id: readId(reader),
    address: reader.text(addressLengthMax),
    clientAddress: reader.text(addressLengthMax),
    incarnation: reader.text(idLengthMax),
  }
  reader.end()
  return member
}
