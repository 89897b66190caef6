import { RaftError } from 'raft-node'
import { ByteReader, ByteWriter, MalformedBytes } from './bytes.ts'
import { OrderedMap } from './ordered-map.ts'
import type { Stored } from './stored.ts'

/**
 * A snapshot is a stream of records, each after its length as four bytes: a header, one record per key in ascending order, and a footer
 * with the number of keys, which tells a complete snapshot from one that was cut at a record's end.
 */
const version = 1
const tags = { header: 1, key: 2, footer: 3 } as const

/**
 * Bytes per chunk, about: some tenths of a millisecond of work. The store never pauses by itself (a pause needs a clock, which is a port
 * of the node); whoever reads the chunks waits for a disk or a socket after each, and then everybody else has a turn.
 */
const chunkBytes = 64 * 1024
const lengthBytes = 4
/** Longer records are not snapshots of ours: a key and a value never get near. */
const recordBytesMax = 64 * 1024 * 1024

export async function* encodeSnapshot(items: OrderedMap<Stored>): AsyncGenerator<Uint8Array, void, undefined> {
  let gathered: Uint8Array[] = []
  let bytes = 0
  for (const record of records(items)) {
    gathered.push(framed(record))
    bytes += record.length + lengthBytes
    if (bytes < chunkBytes) continue
    yield Buffer.concat(gathered)
    gathered = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(gathered)
}

/**
 * The map that a snapshot holds. However the bytes are cut into chunks makes no difference.
 * @throws RaftError CORRUPT if it is not a complete snapshot of this format.
 */
export async function decodeSnapshot(data: AsyncIterable<Uint8Array>): Promise<OrderedMap<Stored>> {
  const reading = new SnapshotReading()
  try {
    for await (const record of splitRecords(data)) reading.take(new ByteReader(record))
    return reading.finish()
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error
    throw new RaftError('CORRUPT', `the snapshot ${error.message}; remove this node's folder and join again with --replace`)
  }
}

class SnapshotReading {
  #items = OrderedMap.empty<Stored>()
  #state: 'header' | 'keys' | 'done' = 'header'

  take(record: ByteReader): void {
    const tag = record.byte()
    if (this.#state === 'header' && tag === tags.header) this.#header(record)
    else if (this.#state === 'keys' && tag === tags.key) this.#key(record)
    else if (this.#state === 'keys' && tag === tags.footer) this.#footer(record)
    else throw new MalformedBytes(`has a record ${tag} out of place`)
    record.end()
  }

  finish(): OrderedMap<Stored> {
    if (this.#state !== 'done') throw new MalformedBytes('ends too early')
    return this.#items
  }

  #header(record: ByteReader): void {
    const format = record.integer()
    if (format !== version) throw new MalformedBytes(`has format version ${format}, this store knows ${version}`)
    this.#state = 'keys'
  }

  #key(record: ByteReader): void {
    const [created, modified, key, value] = [record.integer(), record.integer(), record.text(), record.text()]
    this.#items = this.#items.set({ key, value, created, modified })
  }

  #footer(record: ByteReader): void {
    if (record.integer() !== this.#items.size) throw new MalformedBytes('has lost keys')
    this.#state = 'done'
  }
}

function* records(items: OrderedMap<Stored>): Generator<Uint8Array, void, undefined> {
  yield new ByteWriter(16).byte(tags.header).integer(version).finish()
  for (const { key, value, created, modified } of items.values()) {
    const sizeHint = 32 + 3 * (key.length + value.length) // UTF-8 needs at most three bytes for each UTF-16 unit
    yield new ByteWriter(sizeHint).byte(tags.key).integer(created).integer(modified).text(key).text(value).finish()
  }
  yield new ByteWriter(16).byte(tags.footer).integer(items.size).finish()
}

function framed(record: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(lengthBytes + record.length)
  frame.writeUInt32LE(record.length, 0)
  frame.set(record, lengthBytes)
  return frame
}

async function* splitRecords(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let rest: Uint8Array[] = []
  let restBytes = 0
  let wanted = lengthBytes
  for await (const chunk of data) {
    rest.push(chunk)
    restBytes += chunk.length
    if (restBytes < wanted) continue // joined only once a whole record is there: a large one is copied once, not once per chunk
    const joined = rest.length === 1 ? asBuffer(chunk) : Buffer.concat(rest)
    let at = 0
    for (;;) {
      wanted = nextRecordBytes(joined, at)
      if (joined.length - at < wanted) break
      yield joined.subarray(at + lengthBytes, at + wanted)
      at += wanted
    }
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
