import { crc32 } from 'node:zlib'
import { RaftError } from '../errors.ts'
import type { SnapshotHead, SnapshotMeta } from '../ports.ts'
import type { OpenFile } from './files.ts'
import { checkVersion, formatVersion } from './sealed.ts'
import { decodeSnapshotMeta, encodeSnapshotMeta } from './snapshot-meta.ts'

/**
 * One snapshot in a file:
 *
 *     head     'RAFTSNAP', version u8
 *     chunks   length u32, crc32 u32 of all data up to the chunk's end, data
 *     metadata a MessagePack tuple
 *     foot     crc32 u32 of metadata and the rest of the foot, version u8, metadata length u32, crc32 u32 of all data, 'RAFTSNAP'
 *
 * The metadata come last because the size of the data is known last, and because a file without them is one that was not finished.
 * Each chunk's checksum goes on from the one before, so chunks that are missing, repeated or swapped are found like flipped bits.
 */
const magic = new TextEncoder().encode('RAFTSNAP')
const headBytes = magic.length + 1
const chunkHeadBytes = 8
const footBytes = 4 + 1 + 4 + 4 + magic.length

/** Data is cut into chunks of this size, whatever pieces it comes in: few writes, and a reader needs no more memory than that. */
const chunkBytes = 256 * 1024
/** With its head. */
export const chunkRecordBytes = chunkHeadBytes + chunkBytes
/** Bytes. What is flushed at once holds up the flushes of the log as long as it takes. */
const syncEvery = 1024 * 1024
const metaBytesMax = 16 * 1024 * 1024

/** Throws RaftError `CORRUPT` where `meta` says what the data are and they are others. */
export async function writeSnapshot(
  file: OpenFile,
  meta: SnapshotHead | SnapshotMeta,
  data: AsyncIterable<Uint8Array>,
): Promise<SnapshotMeta> {
  await file.truncate(0)
  await file.writeAt(0, head())
  let offset = headBytes
  let size = 0
  let crc = 0
  for await (const chunk of inChunks(data)) {
    const bytes = chunk.subarray(chunkHeadBytes)
    crc = crc32(bytes, crc)
    const view = new DataView(chunk.buffer, chunk.byteOffset)
    view.setUint32(0, bytes.length)
    view.setUint32(4, crc)
    await file.writeAt(offset, chunk)
    offset += chunk.length
    size += bytes.length
    if (size % syncEvery === 0) await file.sync()
  }
  if ('checksum' in meta && (size !== meta.size || crc !== meta.checksum)) throw damaged('its data are not those that were announced')
  const whole = { ...meta, size, checksum: crc }
  await file.writeAt(offset, tail(encodeSnapshotMeta(whole), crc))
  return whole
}

/** Checks head, foot, metadata and size, not the data. Throws RaftError. */
export async function readSnapshotMeta(file: OpenFile): Promise<SnapshotMeta> {
  return (await readEnds(file)).meta
}

/**
 * All data, or from a byte on. Throws RaftError at the first chunk that is not what was written, and at the end if anything is missing.
 * Chunks before the one with that byte are not read: what they held is in the checksum of the last of them.
 * With `memory` (of `chunkRecordBytes`), all chunks are read into it: each is gone once the next is asked for.
 */
export async function* readSnapshotData(file: OpenFile, from = 0, memory?: Uint8Array): AsyncGenerator<Uint8Array> {
  const { meta, dataEnd } = await readEnds(file)
  if (from > meta.size) throw new RaftError('INVALID_ARGUMENT', `it has no byte ${from}`)
  const first = Math.floor(from / chunkBytes)
  let offset = headBytes + first * chunkRecordBytes
  let size = first * chunkBytes
  let crc = first === 0 ? 0 : (await readExactly(file, offset - chunkRecordBytes, chunkHeadBytes)).getUint32(4)
  while (offset < dataEnd) {
    // All but the last are full: one read brings the head and all of the data.
    const chunk = await readExactly(file, offset, Math.min(chunkRecordBytes, dataEnd - offset), memory)
    const length = chunk.byteLength < chunkHeadBytes ? Number.POSITIVE_INFINITY : chunk.getUint32(0)
    if (chunkHeadBytes + length > chunk.byteLength) throw damaged(`the chunk at ${offset} has an impossible length`)
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset + chunkHeadBytes, length)
    crc = crc32(bytes, crc)
    if (crc !== chunk.getUint32(4)) throw damaged(`the chunk at ${offset} fails its checksum`)
    if (size + length > from) yield bytes.subarray(Math.max(0, from - size))
    offset += chunkHeadBytes + length
    size += length
  }
  if (size !== meta.size || crc !== meta.checksum) throw damaged('its data fails the checksum of the whole')
}

function head(): Uint8Array {
  const bytes = new Uint8Array(headBytes)
  bytes.set(magic)
  bytes[magic.length] = formatVersion
  return bytes
}

function tail(meta: Uint8Array, dataCrc: number): Uint8Array {
  const bytes = new Uint8Array(meta.length + footBytes)
  const foot = new DataView(bytes.buffer, meta.length)
  bytes.set(meta)
  foot.setUint8(4, formatVersion)
  foot.setUint32(5, meta.length)
  foot.setUint32(9, dataCrc)
  bytes.set(magic, meta.length + 13)
  foot.setUint32(0, tailCrc(bytes))
  return bytes
}

/** Of everything but itself. */
function tailCrc(tail: Uint8Array): number {
  const foot = tail.length - footBytes
  return crc32(tail.subarray(foot + 4), crc32(tail.subarray(0, foot)))
}

type Ends = { readonly meta: SnapshotMeta; readonly dataEnd: number }

async function readEnds(file: OpenFile): Promise<Ends> {
  const fileBytes = await file.size()
  if (fileBytes < headBytes + footBytes) throw damaged('it is too short')
  const first = await readExactly(file, 0, headBytes)
  const foot = await readExactly(file, fileBytes - footBytes, footBytes)
  if (!isMagic(first, 0) || !isMagic(foot, 13)) throw damaged('it does not begin and end like a snapshot')

  const metaBytes = foot.getUint32(5)
  const dataEnd = fileBytes - footBytes - metaBytes
  if (metaBytes > metaBytesMax || dataEnd < headBytes) throw damaged('its metadata have an impossible length')
  const last = await readExactly(file, dataEnd, metaBytes + footBytes)
  const bytes = new Uint8Array(last.buffer, last.byteOffset, last.byteLength)
  if (foot.getUint32(0) !== tailCrc(bytes)) throw damaged('its metadata fail their checksum')
  checkVersion(foot.getUint8(4))
  if (first.getUint8(magic.length) !== formatVersion) throw damaged('it begins with another version than it ends with')

  const meta = { ...decodeSnapshotMeta(bytes.subarray(0, metaBytes)), checksum: foot.getUint32(9) }
  const chunks = Math.ceil(meta.size / chunkBytes)
  if (dataEnd !== headBytes + meta.size + chunks * chunkHeadBytes) throw damaged('it is not as long as its metadata say')
  return { meta, dataEnd }
}

async function readExactly(file: OpenFile, offset: number, length: number, memory?: Uint8Array): Promise<DataView> {
  const bytes = await file.readAt(offset, length, memory)
  if (bytes.length < length) throw damaged('it ends too early')
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

function isMagic(view: DataView, offset: number): boolean {
  return magic.every((byte, i) => view.getUint8(offset + i) === byte)
}

/** Full chunks and a last shorter one, each with room for its head in front. The memory is used again for the next. */
async function* inChunks(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(chunkRecordBytes)
  let filled = chunkHeadBytes
  for await (const piece of data) {
    let taken = 0
    while (taken < piece.length) {
      const part = piece.subarray(taken, taken + chunk.length - filled)
      chunk.set(part, filled)
      filled += part.length
      taken += part.length
      if (filled < chunk.length) continue
      yield chunk
      filled = chunkHeadBytes
    }
  }
  if (filled > chunkHeadBytes) yield chunk.subarray(0, filled)
}

function damaged(what: string): RaftError {
  return new RaftError('CORRUPT', what)
}
