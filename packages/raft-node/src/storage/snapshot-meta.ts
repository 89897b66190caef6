import { Packr } from 'msgpackr'
import type { Membership, NodeId } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { MemberInfo, SnapshotMeta } from '../ports.ts'
import { unboxed } from '../safe-integer.ts'

/** What is known of a snapshot, as a MessagePack tuple, in a snapshot file. The checksum of the data stands beside it. */
const packr = new Packr({ useRecords: false, copyBuffers: true })

type MembershipTuple = [NodeId[], NodeId[], NodeId[], NodeId[], boolean, NodeId[], boolean]
type Sized = Omit<SnapshotMeta, 'checksum'>
type MemberTuple = [id: string, address: string, clientAddress: string, incarnation: string]

export function encodeSnapshotMeta(meta: Sized): Uint8Array {
  const { voters, outgoing, learners, learnersNext, autoLeave, promoting, leaseReads } = meta.membership
  const membership = [voters, outgoing, learners, learnersNext, autoLeave, promoting, leaseReads === true]
  const members = meta.members.map(({ id, address, clientAddress, incarnation }) => [id, address, clientAddress, incarnation])
  return packr.pack([meta.term, meta.index, meta.chain, meta.size, meta.membershipIndex, membership, members, meta.hasNodePart === true])
}

/** Throws RaftError `CORRUPT` for anything that `encodeSnapshotMeta` does not write. */
export function decodeSnapshotMeta(bytes: Uint8Array): Sized {
  const tuple = unpack(bytes)
  if (!Array.isArray(tuple) || tuple.length < 7 || tuple.length > 8) throw malformed('it has seven or eight parts')
  const [term, index, chain, size, membershipIndex, membership, members, hasNodePart = false] = tuple as unknown[]
  if (typeof hasNodePart !== 'boolean') throw malformed('the mark of the node is true or false')
  const whole = {
    term: safeInteger(term),
    index: safeInteger(index),
    chain: safeInteger(chain),
    size: safeInteger(size),
    membershipIndex: safeInteger(membershipIndex),
    membership: decodeMembership(membership),
    members: decodeMembers(members),
  }
  return hasNodePart ? { ...whole, hasNodePart } : whole
}

function safeInteger(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw malformed('numbers are safe integers')
  return unboxed(value as number)
}

function decodeMembership(tuple: unknown): Membership {
  const whole = Array.isArray(tuple) && tuple.length === 7 && typeof tuple[4] === 'boolean' && typeof tuple[6] === 'boolean'
  if (!whole || ![0, 1, 2, 3, 5].every(i => isStrings(tuple[i]))) throw malformed('a membership is five lists and two marks')
  const [voters, outgoing, learners, learnersNext, autoLeave, promoting, leaseReads] = tuple as MembershipTuple
  return { voters, outgoing, learners, learnersNext, autoLeave, promoting, ...(leaseReads && { leaseReads }) }
}

function decodeMembers(tuples: unknown): MemberInfo[] {
  if (!Array.isArray(tuples)) throw malformed('members are a list')
  return tuples.map(tuple => {
    if (!isStrings(tuple) || tuple.length !== 4) throw malformed('a member has four parts')
    const [id, address, clientAddress, incarnation] = tuple as MemberTuple
    return { id, address, clientAddress, incarnation }
  })
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string')
}

function unpack(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes)
  } catch (cause) {
    throw new RaftError('CORRUPT', 'malformed snapshot metadata: not MessagePack', { cause })
  }
}

function malformed(why: string): RaftError {
  return new RaftError('CORRUPT', `malformed snapshot metadata: ${why}`)
}
