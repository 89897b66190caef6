import type { HardState, Index, Position } from 'raft-core'
import type { Identity } from '../ports.ts'
import { unboxed, writeSafeInteger } from '../safe-integer.ts'
import type { KeyRange } from './batches.ts'
import { seal, unseal } from './sealed.ts'

/** What the log store keeps in its database: three small records, and one per entry, in the order of their indices. */

export const identityKey = Uint8Array.of(1, 1)
export const hardStateKey = Uint8Array.of(1, 2)
export const baseKey = Uint8Array.of(1, 3)

const entryPrefix = 2

export function entryKey(index: Index): Uint8Array {
  const key = new Uint8Array(9)
  key[0] = entryPrefix
  writeSafeInteger(new DataView(key.buffer), 1, index)
  return key
}

/** Entries from `from` up to and including `to`. */
export function entryRange(from: Index, to: Index): KeyRange {
  return { from: entryKey(from), to: entryKey(to) }
}

export const everything: KeyRange = { from: Uint8Array.of(0), to: new Uint8Array(9).fill(255) }
export const allButEntries: KeyRange = { from: Uint8Array.of(0), to: Uint8Array.of(entryPrefix) }

export function encodeIdentity({ clusterId, nodeId, incarnation }: Identity): Uint8Array {
  return seal([clusterId, nodeId, incarnation])
}

export function decodeIdentity(bytes: Uint8Array): Identity | undefined {
  const [clusterId, nodeId, incarnation] = (unseal(bytes) ?? []) as [string, string, string]
  return incarnation === undefined ? undefined : { clusterId, nodeId, incarnation }
}

export function encodeHardState({ term, vote, commit }: HardState): Uint8Array {
  return seal([term, vote ?? null, commit])
}

export function decodeHardState(bytes: Uint8Array): HardState | undefined {
  const [term, vote, commit] = (unseal(bytes) ?? []) as [number, string | null, number]
  return commit === undefined ? undefined : { term, vote: vote ?? undefined, commit }
}

/** Where the log begins: the position before its first entry, and the chain hash there. */
export type Base = { readonly position: Position; readonly chain: number }

export function encodeBase({ position, chain }: Base): Uint8Array {
  return seal([position.term, position.index, chain])
}

export function decodeBase(bytes: Uint8Array): Base | undefined {
  const [term, index, chain] = (unseal(bytes) ?? []) as [number, number, number]
  return chain === undefined ? undefined : { position: { term: unboxed(term), index: unboxed(index) }, chain }
}
