import { ByteReader, ByteWriter, MalformedBytes } from './bytes.ts'
import { type CommandResult, type OperationResult, refusals } from './command.ts'
import { writeList } from './command-codec.ts'
import type { Stored } from './stored.ts'

const version = 1
const tags = { set: 1, delete: 2, malformed: 3, txn: 4, lease: 5, done: 6, lock: 7, refused: 8, replayed: 9 } as const

/** Results as bytes, for callers on another node than the one that applied the command. `decode` throws on what is no result. */
export const resultCodec = {
  encode(result: CommandResult): Uint8Array {
    const writer = new ByteWriter(64).byte(version)
    write(writer, result)
    return writer.finish()
  },

  decode(bytes: Uint8Array): CommandResult {
    const reader = new ByteReader(bytes)
    const format = reader.byte()
    if (format !== version) throw new MalformedBytes(`the result has format version ${format}, this node knows ${version}`)
    return read(reader, reader.byte())
  },
}

function write(writer: ByteWriter, result: CommandResult): void {
  writer.byte(tags[result.type])
  if (result.type === 'malformed') return void writer.text(result.message)
  if (result.type === 'replayed') return write(writer, result.result)
  writer.integer(result.revision)
  if (result.type === 'delete') writer.byte(result.deleted ? 1 : 0)
  else if (result.type === 'lease') writer.integer(result.lease).integer(result.ttlMs)
  else if (result.type === 'done') writer.integer(result.count)
  else if (result.type === 'lock') writer.integer(result.token).integer(result.ahead)
  else if (result.type === 'refused') writer.byte(refusals.indexOf(result.code))
  else if (result.type === 'txn') {
    writer.byte(result.succeeded ? 1 : 0).integer(result.lease)
    writeList(writer, result.results, writeOperationResult)
  }
}

function read(reader: ByteReader, tag: number): CommandResult {
  if (tag === tags.malformed) return { type: 'malformed', message: reader.text() }
  if (tag === tags.replayed) return { type: 'replayed', result: read(reader, reader.byte()) }
  const revision = reader.integer()
  if (tag === tags.set) return { type: 'set', revision }
  if (tag === tags.delete) return { type: 'delete', revision, deleted: reader.byte() === 1 }
  if (tag === tags.lease) return { type: 'lease', revision, lease: reader.integer(), ttlMs: reader.integer() }
  if (tag === tags.done) return { type: 'done', revision, count: reader.integer() }
  if (tag === tags.lock) return { type: 'lock', revision, token: reader.integer(), ahead: reader.integer() }
  if (tag === tags.refused) return { type: 'refused', revision, code: reader.choice(refusals) }
  if (tag !== tags.txn) throw new MalformedBytes(`the result has the unknown tag ${tag}`)
  const [succeeded, lease] = [reader.byte() === 1, reader.integer()]
  return { type: 'txn', revision, succeeded, lease, results: reader.list(() => readOperationResult(reader)) }
}

const operations = ['put', 'delete', 'deletePrefix', 'get'] as const

function writeOperationResult(writer: ByteWriter, result: OperationResult): void {
  writer.byte(operations.indexOf(result.op))
  if (result.op === 'get') writeMaybe(writer, result.item)
  else if (result.op !== 'put') writer.integer(result.deleted)
}

function readOperationResult(reader: ByteReader): OperationResult {
  const op = reader.choice(operations)
  if (op === 'put') return { op }
  return op === 'get' ? { op, item: reader.byte() === 1 ? readStored(reader) : undefined } : { op, deleted: reader.integer() }
}

function writeMaybe(writer: ByteWriter, item: Stored | undefined): void {
  writer.byte(item === undefined ? 0 : 1)
  if (item !== undefined) writeStored(writer, item)
}

/** A key with all that is known of it; also in snapshots. */
export function writeStored(writer: ByteWriter, { key, value, created, modified, version, lease }: Stored): void {
  writer.integer(created).integer(modified).integer(version).integer(lease).binary(key).binary(value)
}

export function readStored(reader: ByteReader): Stored {
  const [created, modified, version, lease] = [reader.integer(), reader.integer(), reader.integer(), reader.integer()]
  return { key: reader.binary(), value: reader.binary(), created, modified, version, lease }
}
