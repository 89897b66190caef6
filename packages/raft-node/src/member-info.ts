import type { MembershipChange } from 'raft-core'
import type { MemberInfo } from './ports.ts'
import { pack, text, unpack } from './tuples.ts'

const version = 1

/** In characters. Whatever is longer could not be told to the others: a snapshot that names such a member would be refused by all of them. */
export const addressLengthMax = 512
export const idLengthMax = 128

type InfoTuple = readonly [id: string, address: string, clientAddress: string, incarnation: string]

/** What the changed members tell of themselves, for `MembershipChange.context`: opaque to the core, replicated with the change. */
export function encodeInfos(infos: readonly MemberInfo[]): Uint8Array {
  return pack([version, infos.map(infoTuple)])
}

export function infosIn(change: MembershipChange): readonly MemberInfo[] {
  if (change.context === undefined || change.context.length === 0) return []
  const [tuples] = unpack(change.context, version, 'a membership entry')
  return infosFrom(tuples)
}

export function infoTuple(info: MemberInfo): InfoTuple {
  return [info.id, info.address, info.clientAddress, info.incarnation]
}

export function infosFrom(tuples: unknown): readonly MemberInfo[] {
  if (!Array.isArray(tuples)) throw new Error('a list of members is missing')
  return tuples.map(infoFrom)
}

function infoFrom(tuple: unknown): MemberInfo {
  if (!Array.isArray(tuple)) throw new Error('a member is not a tuple')
  const [id, address, clientAddress, incarnation] = tuple
  return {
    id: text(id, 'a member id'),
    address: text(address, 'an address'),
    clientAddress: text(clientAddress, 'a client address'),
    incarnation: text(incarnation, 'an incarnation'),
  }
}
