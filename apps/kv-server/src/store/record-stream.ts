import { crc32 } from 'node:zlib'
import { MalformedBytes } from './bytes.ts'

const lengthBytes = 4
/** Longer records are not ours: a key and a value never get near. */
const recordBytesMax = 64 * 1024 * 1024

const lengthAlone = Buffer.alloc(lengthBytes)

/** The CRC-32 of what came before, and of this record after its length. */
export function checksumWith(record: Uint8Array, before: number): number {
  lengthAlone.writeUInt32LE(record.length, 0)
  return crc32(record, crc32(lengthAlone, before))
}

/**
 * The records in a stream of bytes, each after its length as four bytes, however that is cut into chunks. They come as many at once as a
 * chunk holds: a turn of its own for each would cost more than reading it. @throws MalformedBytes
 */
export async function* unframed(data: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Uint8Array[], void, undefined> {
  let rest: Uint8Array[] = []
  let restBytes = 0
  let wanted = lengthBytes
  for await (const chunk of data) {
    rest.push(chunk)
    restBytes += chunk.length
    if (restBytes < wanted) continue // joined only once a whole record is there: a large one is copied once, not once per chunk
    const joined = rest.length === 1 ? asBuffer(chunk) : Buffer.concat(rest)
    const records: Uint8Array[] = []
    let at = 0
    for (;;) {
      wanted = nextRecordBytes(joined, at)
      if (joined.length - at < wanted) break
      records.push(joined.subarray(at + lengthBytes, at + wanted))
      at += wanted
    }
    yield records
    rest = [joined.subarray(at)]
    restBytes = joined.length - at
  }
  if (restBytes > 0) throw new MalformedBytes('ends too early')
}

function nextRecordBytes(joined: Buffer, at: number): number {
  if (joined.length - at < lengthBytes) return lengthBytes
  const bytes = joined.readUInt32LE(at)
  if (bytes > recordBytesMax) throw new MalformedBytes('has a record that is too long')
  return lengthBytes + bytes
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
