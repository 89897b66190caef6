import { Packr } from 'msgpackr'
import type { Entry, MemberChange, MembershipChange, Payload, Position } from 'raft-core'
import { RaftError } from './errors.ts'

/** What an entry says, in bytes: a command is its own bytes, a membership change a positional MessagePack tuple. */

// No records: shared structures would make the bytes depend on what the same process packed before.
const packr = new Packr({ useRecords: false, copyBuffers: true })

const types = ['command', 'empty', 'membership'] as const satisfies readonly Payload['type'][]
const nothing = new Uint8Array(0)

/** The number that stands for a type, on disk and on the wire. Never renumbered. */
export function payloadType(type: Payload['type']): number {
  return types.indexOf(type)
}

/** The payload's bytes. A command's are not copied. */
export function encodePayload(entry: Entry): Uint8Array {
  switch (entry.type) {
    case 'command':
      return entry.data
    case 'empty':
      return nothing
    case 'membership':
      return encodeMembershipChange(entry.change)
  }
}

/** A command keeps `bytes` as they are: hand over memory that may live as long as the entry. */
export function decodeEntry({ term, index }: Position, type: number, bytes: Uint8Array): Entry {
  switch (types[type]) {
    case 'command':
      return { term, index, type: 'command', data: bytes }
    case 'empty':
      if (bytes.length > 0) throw malformed('an empty entry carries bytes')
      return { term, index, type: 'empty' }
    case 'membership':
      return { term, index, type: 'membership', change: decodeMembershipChange(bytes) }
    default:
      throw malformed(`no entry has type ${type}`)
  }
}

/** `[transition, [[type, id, promote?]…], context | null, leaseReads | null]` */
function encodeMembershipChange(change: MembershipChange): Uint8Array {
  const changes = change.changes.map(({ type, id, promote }) => (promote === undefined ? [type, id] : [type, id, promote]))
  return packr.pack([change.transition, changes, change.context ?? null, change.leaseReads ?? null])
}

function decodeMembershipChange(bytes: Uint8Array): MembershipChange {
  const tuple = unpack(bytes)
  if (!Array.isArray(tuple) || tuple.length !== 4) throw malformed('a membership change has four parts')
  const [transition, changes, context, leaseReads] = tuple as unknown[]
  if (transition !== 'auto' && transition !== 'implicit' && transition !== 'explicit') throw malformed('no such transition')
  if (!Array.isArray(changes)) throw malformed('changes are a list')
  if (context !== null && !(context instanceof Uint8Array)) throw malformed('a context is bytes')
  if (leaseReads !== null && typeof leaseReads !== 'boolean') throw malformed('leaseReads is true or false')
  const change: MembershipChange = {
    transition,
    changes: changes.map(memberChange),
    context: context === null ? undefined : new Uint8Array(context),
  }
  return leaseReads === null ? change : { ...change, leaseReads }
}

function memberChange(tuple: unknown): MemberChange {
  if (!Array.isArray(tuple) || tuple.length < 2 || tuple.length > 3) throw malformed('a change has two or three parts')
  const [type, id, promote] = tuple as unknown[]
  if (type !== 'voter' && type !== 'learner' && type !== 'remove' && type !== 'update') throw malformed('no such change')
  if (typeof id !== 'string') throw malformed('an id is a string')
  if (promote === undefined) return { type, id }
  if (typeof promote !== 'boolean') throw malformed('promote is true or false')
  return { type, id, promote }
}

function unpack(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes)
  } catch (cause) {
    throw new RaftError('CORRUPT', 'malformed entry: not MessagePack', { cause })
  }
}

function malformed(why: string): RaftError {
  return new RaftError('CORRUPT', `malformed entry: ${why}`)
}
