import { crc32 } from 'node:zlib'
import type { Entry, Position } from 'raft-core'
import { decodeEntry, encodePayload, payloadType } from '../entry-payload.ts'
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
/** Before the payload. */
export const contentHeadBytes = 1 + 8 + 8
const headBytes = contentAt + contentHeadBytes

export type EntryRecord = { readonly entry: Entry; readonly chain: number }

/** The records of entries that follow `previousChain`. All lie in one piece of memory: making one for each costs more than filling it. */
export function encodeRecords(entries: readonly Entry[], previousChain: number): { readonly bytes: Uint8Array; readonly chain: number }[] {
  const payloads = entries.map(encodePayload)
  const block = new Uint8Array(payloads.reduce((size, payload) => size + headBytes + payload.length, 0))
  const view = new DataView(block.buffer)
  let offset = 0
  let chain = previousChain
  return entries.map((entry, i) => {
    const payload = payloads[i] as Uint8Array
    const end = offset + headBytes + payload.length
    view.setUint8(offset + versionAt, formatVersion)
    writeContent(block, view, offset + contentAt, entry, payload)

    chain = chainHash(chain, block.subarray(offset + contentAt, end))
    writeSafeInteger(view, offset + chainAt, chain)
    view.setUint32(offset, crc32(block.subarray(offset + versionAt, end)))
    const bytes = block.subarray(offset, end)
    offset = end
    return { bytes, chain }
  })
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

  return { entry: readContent(view, contentAt, bytes.length - contentAt), chain }
}

/** Type, term, index and payload: all that the chain hash covers. */
export function writeContent(block: Uint8Array, view: DataView, at: number, entry: Entry, payload: Uint8Array): void {
  view.setUint8(at, payloadType(entry.type))
  writeSafeInteger(view, at + 1, entry.term)
  writeSafeInteger(view, at + 9, entry.index)
  block.set(payload, at + contentHeadBytes)
}

/** A command's data is a view of the memory below. */
export function readContent(view: DataView, at: number, length: number): Entry {
  const payload = new Uint8Array(view.buffer, view.byteOffset + at + contentHeadBytes, length - contentHeadBytes)
  const position = { term: readSafeInteger(view, at + 1), index: readSafeInteger(view, at + 9) }
  return decodeEntry(position, view.getUint8(at), payload)
}

/** Which entry a record is of, without looking whether it is whole. */
export function positionIn(bytes: Uint8Array): Position {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return { term: readSafeInteger(view, contentAt + 1), index: readSafeInteger(view, contentAt + 9) }
}
