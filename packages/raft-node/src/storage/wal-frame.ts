import { crc32 } from 'node:zlib'
import { Packr } from 'msgpackr'
import type { Entry, HardState, Index } from 'raft-core'
import { encodePayload } from '../entry-payload.ts'
import type { Identity } from '../ports.ts'
import { readSafeInteger, unboxed, writeSafeInteger } from '../safe-integer.ts'
import { tupleBytes, writeTuple } from '../write-tuple.ts'
import { chainHash, type Link } from './chain.ts'
import { contentHeadBytes, readContent, writeContent } from './entry-record.ts'
import type { Base } from './log-keys.ts'
import { checkVersion, formatVersion } from './sealed.ts'

/**
 * One batch in a segment, kept whole or not at all:
 *
 *     crc32 u32 of the rest, length u32 of all of it, version u8, segment u64, crc32 u32 of the frame before,
 *     length u16 and a MessagePack tuple of what is no entry,
 *     count u32, the chain hash before the first entry u64, then for each entry: length u32, content
 *
 * The segment's number tells it from what an earlier life of the file has left there, the checksum of the frame before from what a torn
 * write has. The first frame of a segment is its head: it says where the log stood, so that reading can begin there.
 */
const lengthAt = 4
const versionAt = 8
const segmentAt = 9
const previousAt = 17
const tupleLengthAt = 21
const tupleAt = 23
const entriesHeadBytes = 4 + 8
const leastBytes = tupleAt + entriesHeadBytes

export type FrameContent = {
  /** Only in the head of a segment: how far the log reached, and its chain hash there. */
  readonly end?: { readonly index: Index; readonly chain: number } | undefined
  readonly identity?: Identity | undefined
  readonly hardState?: HardState | undefined
  /** The log begins here from now on. `resets`: nothing stored before counts any more; otherwise what comes after it stays. */
  readonly base?: Base | undefined
  readonly resets?: boolean | undefined
  readonly entries: readonly Entry[]
  /** The chain hash before the first entry. */
  readonly chain: number
}

export type Frame = FrameContent & {
  readonly crc: number
  /** The checksum of the frame before. */
  readonly previous: number
  /** Where in the segment the next one begins. */
  readonly next: number
  /** Of the entries. */
  readonly links: readonly Link[]
}

/** Where a frame goes: the segment, and the checksum of the frame before. */
export type Place = { readonly segment: number; readonly previous: number }

const packr = new Packr({ useRecords: false, copyBuffers: true })
type Tuple = [
  end: [Index, number] | null,
  identity: [string, string, string] | null,
  hardState: [number, string | null, number] | null,
  base: [number, number, number] | null,
  resets: boolean,
]

/** A frame whose size is known and whose bytes are not written yet. */
export type Prepared = {
  readonly size: number
  /** Returns its checksum, and the links of its entries. */
  write(block: Uint8Array, at: number, place: Place): { readonly crc: number; readonly links: readonly Link[] }
}

export function prepareFrame(content: FrameContent): Prepared {
  const tuple = tupleOf(content)
  const tupleLength = tupleBytes(tuple)
  const payloads = content.entries.map(encodePayload)
  const size = payloads.reduce((sum, payload) => sum + 4 + contentHeadBytes + payload.length, leastBytes + tupleLength)
  return {
    size,
    write(block, at, { segment, previous }) {
      const view = new DataView(block.buffer, block.byteOffset, block.length)
      view.setUint32(at + lengthAt, size)
      view.setUint8(at + versionAt, formatVersion)
      writeSafeInteger(view, at + segmentAt, segment)
      view.setUint32(at + previousAt, previous)
      view.setUint16(at + tupleLengthAt, tupleLength)
      const links = writeEntries(block, view, writeTuple(block, at + tupleAt, tuple), content, payloads)
      const crc = crc32(block.subarray(at + lengthAt, at + size))
      view.setUint32(at, crc)
      return { crc, links }
    },
  }
}

function tupleOf({ end, identity, hardState, base, resets = false }: FrameContent): Tuple {
  return [
    end === undefined ? null : [end.index, end.chain],
    identity === undefined ? null : [identity.clusterId, identity.nodeId, identity.incarnation],
    hardState === undefined ? null : [hardState.term, hardState.vote ?? null, hardState.commit],
    base === undefined ? null : [base.position.term, base.position.index, base.chain],
    resets,
  ]
}

function writeEntries(
  block: Uint8Array,
  view: DataView,
  start: number,
  { entries, chain: before }: FrameContent,
  payloads: readonly Uint8Array[],
): Link[] {
  const links: Link[] = []
  let at = start + entriesHeadBytes
  let chain = before
  for (const [i, entry] of entries.entries()) {
    const payload = payloads[i] as Uint8Array
    const length = contentHeadBytes + payload.length
    view.setUint32(at, length)
    writeContent(block, view, at + 4, entry, payload)
    chain = chainHash(chain, block.subarray(at + 4, at + 4 + length))
    links.push({ term: entry.term, hash: chain })
    at += 4 + length
  }
  view.setUint32(start, entries.length)
  writeSafeInteger(view, start + 4, before)
  return links
}

/**
 * The frame at `at`; undefined where there is no whole one of this segment. Throws `FOLDER_VERSION` where it is whole and of another
 * version. The commands of its entries are views of `bytes`.
 */
export function readFrame(bytes: Uint8Array, at: number, segment: number): Frame | undefined {
  if (bytes.length - at < leastBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const size = view.getUint32(at + lengthAt)
  if (size < leastBytes || size > bytes.length - at) return undefined
  const crc = view.getUint32(at)
  if (crc !== crc32(bytes.subarray(at + lengthAt, at + size)) || readSafeInteger(view, at + segmentAt) !== segment) return undefined
  checkVersion(view.getUint8(at + versionAt))
  const start = at + tupleAt + view.getUint16(at + tupleLengthAt)
  const [end, identity, hardState, base, resets] = packr.unpack(bytes.subarray(at + tupleAt, start)) as Tuple
  return {
    crc,
    previous: view.getUint32(at + previousAt),
    next: at + size,
    end: end === null ? undefined : { index: unboxed(end[0]), chain: end[1] },
    identity: identity === null ? undefined : { clusterId: identity[0], nodeId: identity[1], incarnation: identity[2] },
    hardState: hardState === null ? undefined : { term: hardState[0], vote: hardState[1] ?? undefined, commit: hardState[2] },
    base: base === null ? undefined : { position: { term: unboxed(base[0]), index: unboxed(base[1]) }, chain: base[2] },
    resets,
    ...readEntries(bytes, view, start),
  }
}

/** Whether something there, which is no whole frame, was meant to be the one for this place: one field of two says so. */
export function isBegun(bytes: Uint8Array, at: number, { segment, previous }: Place): boolean {
  if (bytes.length - at < tupleLengthAt) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const number = view.getUint32(at + segmentAt) * 2 ** 32 + view.getUint32(at + segmentAt + 4)
  return number === segment || (previous !== 0 && view.getUint32(at + previousAt) === previous)
}

/** The checksum was right: a chain that does not fit its entries is a mistake of the writer, and shows when the log is held together. */
function readEntries(bytes: Uint8Array, view: DataView, start: number): Pick<Frame, 'entries' | 'chain' | 'links'> {
  const entries: Entry[] = []
  const links: Link[] = []
  const before = readSafeInteger(view, start + 4)
  let chain = before
  let at = start + entriesHeadBytes
  for (let left = view.getUint32(start); left > 0; left--) {
    const length = view.getUint32(at)
    const entry = readContent(view, at + 4, length)
    chain = chainHash(chain, bytes.subarray(at + 4, at + 4 + length))
    entries.push(entry)
    links.push({ term: entry.term, hash: chain })
    at += 4 + length
  }
  return { entries, chain: before, links }
}
