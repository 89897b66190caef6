import { ByteReader, ByteWriter, MalformedBytes } from './bytes.ts'
import { type Command, type Compare, compareOps, numberTargets, type Operation, type Pair } from './command.ts'

const version = 1
/** Bytes: most commands fit, so that their bytes are not copied into something larger half way. */
const sizeHint = 1024

type Type = Command['type']
type Codec<T extends Type> = {
  readonly tag: number
  write(writer: ByteWriter, command: Extract<Command, { type: T }>): void
  read(reader: ByteReader): Extract<Command, { type: T }>
}

/** How each command goes into bytes. A tag is never given to another command: logs outlive the code that wrote them. */
const codecs: { readonly [T in Type]: Codec<T> } = {
  set: { tag: 1, write: (writer, { pairs }) => writePairs(writer, pairs), read: reader => ({ type: 'set', pairs: readPairs(reader) }) },
  delete: { tag: 2, write: (writer, { key }) => writer.binary(key), read: reader => ({ type: 'delete', key: reader.binary() }) },
  txn: {
    tag: 3,
    write(writer, command) {
      writeList(writer, command.compare, writeCompare)
      writeList(writer, command.onSuccess, writeOperation)
      writeList(writer, command.onFailure, writeOperation)
    },
    read: reader => ({
      type: 'txn',
      compare: reader.list(() => readCompare(reader)),
      onSuccess: reader.list(() => readOperation(reader)),
      onFailure: reader.list(() => readOperation(reader)),
    }),
  },
  grant: { tag: 4, write: (writer, { ttlMs }) => writer.integer(ttlMs), read: reader => ({ type: 'grant', ttlMs: reader.integer() }) },
  keepAlive: {
    tag: 5,
    write: (writer, { lease }) => writer.integer(lease),
    read: reader => ({ type: 'keepAlive', lease: reader.integer() }),
  },
  revoke: { tag: 6, write: (writer, { lease }) => writer.integer(lease), read: reader => ({ type: 'revoke', lease: reader.integer() }) },
  time: {
    tag: 7,
    write: (writer, { sinceMs, nowMs }) => writer.integer(sinceMs).integer(nowMs),
    read: reader => ({ type: 'time', sinceMs: reader.integer(), nowMs: reader.integer() }),
  },
  lock: {
    tag: 8,
    write: (writer, { name, lease, value }) => writer.binary(name).integer(lease).binary(value),
    read: reader => ({ type: 'lock', name: reader.binary(), lease: reader.integer(), value: reader.binary() }),
  },
  unlock: {
    tag: 9,
    write: (writer, { name, lease }) => writer.binary(name).integer(lease),
    read: reader => ({ type: 'unlock', name: reader.binary(), lease: reader.integer() }),
  },
  addSecret: {
    tag: 10,
    write: (writer, { digest, ttlMs }) => writer.binary(digest).integer(ttlMs),
    read: reader => ({ type: 'addSecret', digest: reader.binary(), ttlMs: reader.integer() }),
  },
  useSecret: {
    tag: 11,
    write: (writer, { digest, user }) => writer.binary(digest).binary(user),
    read: reader => ({ type: 'useSecret', digest: reader.binary(), user: reader.binary() }),
  },
  restoreBegin: { tag: 12, write() {}, read: () => ({ type: 'restoreBegin' }) },
  restoreItems: {
    tag: 13,
    write: (writer, { restore, pairs }) => writePairs(writer.integer(restore), pairs),
    read: reader => ({ type: 'restoreItems', restore: reader.integer(), pairs: readPairs(reader) }),
  },
  restoreCommit: {
    tag: 14,
    write: (writer, { restore, count }) => writer.integer(restore).integer(count),
    read: reader => ({ type: 'restoreCommit', restore: reader.integer(), count: reader.integer() }),
  },
  keyed: {
    tag: 15,
    write(writer, { id, fingerprint, limits, command }) {
      writer.binary(id).binary(fingerprint).integer(limits.records).integer(limits.bytes).bytes(command)
    },
    read: reader => ({
      type: 'keyed',
      id: reader.binary(),
      fingerprint: reader.binary(),
      limits: { records: reader.integer(), bytes: reader.integer() },
      command: reader.bytes(),
    }),
  },
}

const byTag = new Map<number, Codec<Type>>(Object.values(codecs).map(codec => [codec.tag, codec as Codec<Type>]))

/**
 * A command as bytes: format version, tag, then keys and values after their lengths. Pairs are never longer than the same as JSON, so a
 * limit on request bodies bounds log entries too.
 */
export function encodeCommand(command: Command): Uint8Array {
  const codec = codecs[command.type] as Codec<Type>
  const writer = new ByteWriter(sizeHint).byte(version).byte(codec.tag)
  codec.write(writer, command)
  return writer.finish()
}

/** The command, or why there is none: nothing that a log can hold may throw here. */
export function decodeCommand(bytes: Uint8Array): Command | { readonly type: 'malformed'; readonly message: string } {
  try {
    return readCommand(new ByteReader(bytes))
  } catch (error) {
    if (error instanceof MalformedBytes) return { type: 'malformed', message: `the command ${error.message}` }
    throw error
  }
}

function readCommand(reader: ByteReader): Command {
  const format = reader.byte()
  if (format !== version) throw new MalformedBytes(`has format version ${format}, this store knows ${version}`)
  const tag = reader.byte()
  const codec = byTag.get(tag)
  if (codec === undefined) throw new MalformedBytes(`has the unknown tag ${tag}`)
  const command = codec.read(reader)
  reader.end()
  return command
}

export function writeList<T>(writer: ByteWriter, items: readonly T[], write: (writer: ByteWriter, item: T) => void): void {
  writer.integer(items.length)
  for (const item of items) write(writer, item)
}

function writePairs(writer: ByteWriter, pairs: readonly Pair[]): void {
  writer.integer(pairs.length)
  for (const [key, value] of pairs) writer.binary(key).binary(value)
}

function readPairs(reader: ByteReader): Pair[] {
  return reader.list((): Pair => [reader.binary(), reader.binary()])
}

const targets = [...numberTargets, 'value'] as const

function writeCompare(writer: ByteWriter, compare: Compare): void {
  writer.byte(targets.indexOf(compare.target)).byte(compareOps.indexOf(compare.op)).binary(compare.key)
  if (compare.target === 'value') writer.binary(compare.operand)
  else writer.integer(compare.operand)
}

function readCompare(reader: ByteReader): Compare {
  const [target, op, key] = [reader.choice(targets), reader.choice(compareOps), reader.binary()]
  if (target !== 'value') return { target, op, key, operand: reader.integer() }
  if (op !== '=' && op !== '!=') throw new MalformedBytes(`compares a value with ${op}`)
  return { target, op, key, operand: reader.binary() }
}

const operations = ['put', 'delete', 'deletePrefix', 'get'] as const

function writeOperation(writer: ByteWriter, operation: Operation): void {
  writer.byte(operations.indexOf(operation.op)).binary(operation.op === 'deletePrefix' ? operation.prefix : operation.key)
  if (operation.op === 'put') writer.binary(operation.value).integer(operation.lease).integer(operation.ttlMs)
  else if (operation.op === 'get') writer.byte(operation.meta ? 1 : 0)
}

function readOperation(reader: ByteReader): Operation {
  const [op, key] = [reader.choice(operations), reader.binary()]
  if (op === 'put') return { op, key, value: reader.binary(), lease: reader.integer(), ttlMs: reader.integer() }
  if (op === 'deletePrefix') return { op, prefix: key }
  return op === 'delete' ? { op, key } : { op, key, meta: reader.choice([false, true]) }
}
