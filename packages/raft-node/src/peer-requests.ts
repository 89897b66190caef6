import type { Index, NodeId, Term } from 'raft-core'
import type { BatchOutcome, JoinAnswer, JoinRequest, MemberEdit } from './api.ts'
import { RaftError, type RaftErrorCode, type RaftErrorDetails, reasonOf } from './errors.ts'
import { infosFrom, infoTuple } from './member-info.ts'
import { bytesOf, pack, text, unpack, whole } from './tuples.ts'

const version = 1

/** Milliseconds: some 35 years. Who waits for ever asks for no longer. */
const longestMs = 2 ** 40

export type ChangeKind = 'promote' | 'demote' | 'remove'

/** What one node asks another for. Everything but `closing`, `diskFull` and `digests` is for the leader; `timeoutMs` is how long the asker will wait. */
export type PeerRequest =
  | { readonly kind: 'apply'; readonly timeoutMs: number; readonly command: Uint8Array }
  | { readonly kind: 'applyBatch'; readonly timeoutMs: number; readonly commands: readonly Uint8Array[] }
  | { readonly kind: 'barrier'; readonly timeoutMs: number }
  /** Something that the nodes keep beside the state machine, as it goes into the log. */
  | { readonly kind: 'entry'; readonly timeoutMs: number; readonly entry: Uint8Array }
  | { readonly kind: 'change'; readonly timeoutMs: number; readonly change: ChangeKind; readonly id: NodeId }
  | { readonly kind: 'leaseReads'; readonly timeoutMs: number; readonly on: boolean }
  | { readonly kind: 'edit'; readonly timeoutMs: number; readonly edits: readonly MemberEdit[]; readonly ifIndex: Index | undefined }
  | { readonly kind: 'join'; readonly timeoutMs: number; readonly join: JoinRequest }
  | { readonly kind: 'closing'; readonly timeoutMs: number }
  /** The asker's disk is full, or has room again. */
  | { readonly kind: 'diskFull'; readonly timeoutMs: number; readonly isFull: boolean }
  /** What the state machine said of its state after the latest commands. */
  | { readonly kind: 'digests'; readonly timeoutMs: number }

export function encodeRequest(request: PeerRequest): Uint8Array {
  return pack([version, request.kind, Math.min(Math.ceil(request.timeoutMs), longestMs), ...fieldsOf(request)])
}

function fieldsOf(request: PeerRequest): readonly unknown[] {
  if (request.kind === 'apply') return [request.command]
  if (request.kind === 'applyBatch') return request.commands
  if (request.kind === 'entry') return [request.entry]
  if (request.kind === 'change') return [request.change, request.id]
  if (request.kind === 'leaseReads') return [request.on]
  if (request.kind === 'diskFull') return [request.isFull]
  if (request.kind === 'edit') return [request.ifIndex ?? null, request.edits.map(editTuple)]
  if (request.kind !== 'join') return []
  const { id, address, clientAddress, incarnation, replace } = request.join
  return [id, address, clientAddress, incarnation, replace]
}

/** @throws RaftError INVALID_ARGUMENT where the bytes are no request. */
export function decodeRequest(bytes: Uint8Array): PeerRequest {
  try {
    return readRequest(bytes)
  } catch (cause) {
    throw new RaftError('INVALID_ARGUMENT', reasonOf(cause), { cause })
  }
}

function readRequest(bytes: Uint8Array): PeerRequest {
  const [kind, timeout, ...fields] = unpack(bytes, version, 'a request')
  const timeoutMs = whole(timeout, 'a timeout')
  const [first, second, third, fourth, fifth] = fields
  if (kind === 'apply') return { kind, timeoutMs, command: bytesOf(first, 'a command') }
  if (kind === 'applyBatch') return { kind, timeoutMs, commands: fields.map(field => bytesOf(field, 'a command')) }
  if (kind === 'entry') return { kind, timeoutMs, entry: bytesOf(first, 'an entry') }
  if (kind === 'barrier' || kind === 'closing' || kind === 'digests') return { kind, timeoutMs }
  if (kind === 'change') return { kind, timeoutMs, change: changeKind(first), id: text(second, 'an id') }
  if (kind === 'diskFull') return { kind, timeoutMs, isFull: first === true }
  if (kind === 'leaseReads') return { kind, timeoutMs, on: first === true }
  if (kind === 'edit') return { kind, timeoutMs, edits: editsFrom(second), ifIndex: first === null ? undefined : whole(first, 'an index') }
  if (kind !== 'join') throw new Error(`a request of unknown kind ${String(kind)}`)
  const id = text(first, 'a name')
  const address = text(second, 'an address')
  const clientAddress = text(third, 'a client address')
  const incarnation = text(fourth, 'an incarnation')
  return { kind, timeoutMs, join: { id, address, clientAddress, incarnation, replace: fifth === true } }
}

function editTuple(edit: MemberEdit): readonly unknown[] {
  if (edit.type !== 'add') return [edit.type, edit.id]
  return [edit.type, edit.id, edit.address, edit.clientAddress ?? '', edit.promote ?? true]
}

function editsFrom(tuples: unknown): readonly MemberEdit[] {
  if (!Array.isArray(tuples)) throw new Error('a list of changes is missing')
  return tuples.map(tuple => {
    if (!Array.isArray(tuple)) throw new Error('a change is not a tuple')
    const [type, id, address, clientAddress, promote] = tuple as unknown[]
    if (type !== 'add') return { type: changeKind(type), id: text(id, 'an id') }
    const addresses = { address: text(address, 'an address'), clientAddress: text(clientAddress, 'a client address') }
    return { type, id: text(id, 'a name'), ...addresses, promote: promote === true }
  })
}

function changeKind(value: unknown): ChangeKind {
  if (value === 'promote' || value === 'demote' || value === 'remove') return value
  throw new Error('a membership change of unknown kind')
}

/** Where an entry landed, and what came of it: the state machine's answer or the answer to a join, as bytes. */
export type PeerAnswer = { readonly index: Index; readonly term: Term; readonly result: Uint8Array }

const succeeded = 0
const failed = 1

export function encodeAnswer({ index, term, result }: PeerAnswer): Uint8Array {
  return pack([version, succeeded, index, term, result])
}

/**
 * Errors travel as answers, so that code, outcome and leader arrive as they left. One that nobody foresaw (a result that cannot be
 * encoded) may have come after the command was applied.
 */
export function encodeError(error: unknown): Uint8Array {
  const known = error instanceof RaftError ? error : new RaftError('ABORTED', `the answer got lost on the leader: ${reasonOf(error)}`)
  const { code, message, outcome, leader } = known
  return pack([version, failed, code, message, outcome, leader ? [leader.id, leader.address, leader.clientAddress] : null])
}

/** Throws the RaftError that the other node answered with. */
export function decodeAnswer(bytes: Uint8Array): PeerAnswer {
  const [status, ...fields] = unpack(bytes, version, 'an answer')
  if (status === failed) throw errorFrom(fields)
  const [index, term, result] = fields
  return { index: whole(index, 'an index'), term: whole(term, 'a term'), result: bytesOf(result, 'a result') }
}

function errorFrom([code, message, outcome, leader]: readonly unknown[]): RaftError {
  const details: RaftErrorDetails = { outcome: outcome === 'not-applied' ? 'not-applied' : 'unknown', leader: leaderFrom(leader) }
  return new RaftError(text(code, 'a code') as RaftErrorCode, text(message, 'a message'), details)
}

function leaderFrom(value: unknown): RaftErrorDetails['leader'] {
  if (!Array.isArray(value)) return undefined
  const [id, address, clientAddress] = value
  return { id: text(id, 'an id'), address: text(address, 'an address'), clientAddress: text(clientAddress, 'an address') }
}

export function encodeJoinAnswer({ clusterId, nodeId, members }: JoinAnswer): Uint8Array {
  return pack([version, clusterId, nodeId, members.map(infoTuple)])
}

export function decodeJoinAnswer(bytes: Uint8Array): JoinAnswer {
  const [clusterId, nodeId, members] = unpack(bytes, version, 'the answer to a join')
  return { clusterId: text(clusterId, 'a cluster id'), nodeId: text(nodeId, 'an id'), members: infosFrom(members) }
}

export function encodeIds(ids: readonly NodeId[]): Uint8Array {
  return pack([version, ...ids])
}

export function decodeIds(bytes: Uint8Array): readonly NodeId[] {
  return unpack(bytes, version, 'a list of ids').map(id => text(id, 'an id'))
}

export function encodeOutcomes(outcomes: readonly BatchOutcome<Uint8Array>[]): Uint8Array {
  return pack([version, ...outcomes.map(outcome => ('error' in outcome ? encodeError(outcome.error) : encodeAnswer(outcome)))])
}

export function decodeOutcomes(bytes: Uint8Array): readonly BatchOutcome<Uint8Array>[] {
  return unpack(bytes, version, 'the answers of a batch').map(each => outcomeFrom(bytesOf(each, 'an answer')))
}

function outcomeFrom(bytes: Uint8Array): BatchOutcome<Uint8Array> {
  try {
    return decodeAnswer(bytes)
  } catch (error) {
    if (error instanceof RaftError) return { error }
    throw error
  }
}
