import { crc32 } from 'node:zlib'
import { Packr } from 'msgpackr'
import { RaftError } from '../errors.ts'
import { type Field, tupleBytes, writeTuple } from '../write-tuple.ts'

/**
 * A small block that knows whether it is whole: `crc32 u32, version u8, length u16, a MessagePack tuple`, then zeros where the place it
 * is kept in has a fixed size. The checksum comes first and covers the rest, so a flipped bit in the version is damage, not a version.
 */
const headBytes = 4 + 1 + 2

/** The format of everything in a data folder. Another one is refused until there is something to migrate. */
export const formatVersion = 1

const packr = new Packr({ useRecords: false, copyBuffers: true })

/** `place`: what is to hold it, all of it. Default: memory of its own, as long as it needs. */
export function seal(tuple: readonly Field[], place?: Uint8Array): Uint8Array {
  const length = tupleBytes(tuple)
  const size = place?.length ?? headBytes + length
  if (headBytes + length > Math.min(size, headBytes + 0xffff)) {
    throw new RaftError('INVALID_ARGUMENT', `${length} bytes do not fit in a block of ${size}: use shorter ids`)
  }
  const block = place ?? new Uint8Array(size)
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  view.setUint8(4, formatVersion)
  view.setUint16(5, length)
  writeTuple(block, headBytes, tuple)
  block.fill(0, headBytes + length)
  view.setUint32(0, crc32(block.subarray(4)))
  return block
}

/** The tuple; undefined where the block is damaged. Throws `FOLDER_VERSION` where it is whole and of another version. */
export function unseal(block: Uint8Array): readonly unknown[] | undefined {
  if (block.length < headBytes) return undefined
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  if (view.getUint32(0) !== crc32(block.subarray(4))) return undefined
  checkVersion(view.getUint8(4))
  const length = view.getUint16(5)
  if (headBytes + length > block.length) return undefined
  return packr.unpack(block.subarray(headBytes, headBytes + length)) as readonly unknown[]
}

export function checkVersion(version: number): void {
  if (version === formatVersion) return
  const help = 'Run the release that wrote it, or replace this node with a new folder (`raftctl node join --replace`).'
  throw new RaftError('FOLDER_VERSION', `written in format ${version}, and this release reads format ${formatVersion}. ${help}`)
}
