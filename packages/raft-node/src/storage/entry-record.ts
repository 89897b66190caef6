import { crc32 } from 'node:zlib'
import type { Entry } from 'raft-core'
import { decodePayload, encodePayload, payloadType } from '../entry-payload.ts'
import { readSafeInteger, writeSafeInteger } from '../safe-integer.ts'
import { chainHash } from './chain.ts'
import { checkVersion, formatVersion } from './sealed.ts'

/**
 * One entry in the log store:
 *
 *     crc32 u32 of the rest, version u8, chain u64, then the content: type u8, term u64, index u64, payload
 *
 * The checksum finds a damaged record; the chain hash, which the content and all records before it make, a record that is whole but not
 * the one that belongs there.
 */
const versionAt = 4
const chainAt = 5
const contentAt = 13
const headBytes = contentAt + 1 + 8 + 8

export type EntryRecord = { readonly entry: Entry; readonly chain: number }

export function encodeRecord(entry: Entry, previousChain: number): { readonly bytes: Uint8Array; readonly chain: number } {
  const payload = encodePayload(entry)
  const bytes = new Uint8Array(headBytes + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(versionAt, formatVersion)
  view.setUint8(contentAt, payloadType(entry.type))
  writeSafeInteger(view, contentAt + 1, entry.term)
  writeSafeInteger(view, contentAt + 9, entry.index)
  bytes.set(payload, headBytes)

  const chain = chainHash(previousChain, bytes.subarray(contentAt))
  writeSafeInteger(view, chainAt, chain)
  view.setUint32(0, crc32(bytes.subarray(versionAt)))
  return { bytes, chain }
}

/**
 * Undefined where the record is damaged or does not follow `previousChain`. Throws `FOLDER_VERSION` where it is whole and of another
 * version. A command's data is a view of `bytes`.
 */
export function decodeRecord(bytes: Uint8Array, previousChain: number): EntryRecord | undefined {
  if (bytes.length < headBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(0) !== crc32(bytes.subarray(versionAt))) return undefined
  checkVersion(view.getUint8(versionAt))
  const chain = readSafeInteger(view, chainAt)
  if (chain !== chainHash(previousChain, bytes.subarray(contentAt))) return undefined

  const payload = new Uint8Array(bytes.buffer, bytes.byteOffset + headBytes, bytes.length - headBytes)
  const term = readSafeInteger(view, contentAt + 1)
  const index = readSafeInteger(view, contentAt + 9)
  return { entry: { term, index, ...decodePayload(view.getUint8(contentAt), payload) }, chain }
}
