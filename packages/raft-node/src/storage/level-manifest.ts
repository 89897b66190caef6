import { crc32c, masked } from './crc32c.ts'
import { LevelBytes } from './level-bytes.ts'

const blockBytes = 32 * 1024
const headBytes = 4 + 2 + 1
const ends = { full: 1, last: 4 } as const

/** Tags of what an edit says. */
const tags = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  previousLog: 9,
} as const

/**
 * The tables that a manifest of LevelDB names in the end: their numbers, and their sizes in bytes. Undefined where it cannot be read to its
 * end, which LevelDB judges by itself. A crash leaves other tables beside them, perhaps half written, which LevelDB removes.
 */
export function tablesIn(manifest: Uint8Array): ReadonlyMap<number, number> | undefined {
  const tables = new Map<number, number>()
  try {
    for (const edit of recordsIn(manifest)) applyEdit(new LevelBytes(edit), tables)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
  return tables
}

/** Records lie in blocks, in pieces where one ends: crc32c u32, length u16, kind u8. Throws RangeError where one is not whole. */
function* recordsIn(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let pieces: Uint8Array[] = []
  let at = 0
  while (at < bytes.length) {
    const leftInBlock = blockBytes - (at % blockBytes)
    if (leftInBlock < headBytes) {
      at += leftInBlock
      continue
    }
    if (bytes.length - at < headBytes) throw new RangeError('a piece is cut off')
    const length = view.getUint16(at + 4, true)
    const next = at + headBytes + length
    if (next > bytes.length || view.getUint32(at, true) !== masked(crc32c(bytes.subarray(at + 6, next)))) {
      throw new RangeError('a piece is not whole')
    }
    pieces.push(bytes.subarray(at + headBytes, next))
    const kind = bytes[at + 6]
    if (kind === ends.full || kind === ends.last) {
      yield Buffer.concat(pieces)
      pieces = []
    }
    at = next
  }
}

function applyEdit(edit: LevelBytes, tables: Map<number, number>): void {
  while (edit.left > 0) {
    const tag = edit.varint()
    if (tag === tags.comparator) edit.string()
    else if (tag === tags.logNumber || tag === tags.nextFile || tag === tags.lastSequence || tag === tags.previousLog) edit.varint()
    else if (tag === tags.compactPointer) {
      edit.varint()
      edit.string()
    } else if (tag === tags.deletedFile) {
      edit.varint()
      tables.delete(edit.varint())
    } else if (tag === tags.newFile) {
      edit.varint()
      tables.set(edit.varint(), edit.varint())
      edit.string()
      edit.string()
    } else throw new RangeError(`an edit says something unknown: ${tag}`)
  }
}
