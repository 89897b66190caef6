import { crc32 } from 'node:zlib'
import { RaftError } from 'raft-node'
import type { AnswerRecord, Mark } from './answers.ts'
import { ByteReader, ByteWriter, MalformedBytes } from './bytes.ts'
import type { LeaseRecord } from './leases.ts'
import type { LockRecord, Waiter } from './locks.ts'
import { numberKey } from './numbered.ts'
import { OrderedMap } from './ordered-map.ts'
import { frame, unframed } from './record-stream.ts'
import { readStored, writeStored } from './result-codec.ts'
import type { SecretRecord } from './secrets.ts'
import { beginRestore, type Staged } from './staged.ts'
import type { Stored } from './stored.ts'

/** Everything that is replicated, as of one revision: parts that never change, so that it stays as it is whatever comes later. */
export type View = {
  readonly revision: number
  /** Log time. */
  readonly time: number
  readonly items: OrderedMap<Stored>
  readonly leases: OrderedMap<LeaseRecord>
  readonly locks: OrderedMap<LockRecord>
  readonly answers: OrderedMap<AnswerRecord>
  readonly marks: OrderedMap<Mark>
  readonly overBefore: number
  readonly secrets: OrderedMap<SecretRecord>
  readonly staged: Staged | undefined
}

/**
 * A snapshot is a stream of records, each after its length as four bytes: a header, one record for each thing that is kept, and a footer
 * with their number and the CRC-32 of all before it.
 */
const version = 3
const tags = {
  header: 1,
  key: 2,
  footer: 3,
  lease: 4,
  lock: 5,
  answer: 6,
  mark: 7,
  secret: 8,
  staged: 9,
  waiter: 10,
  stagedUntil: 11,
} as const

/**
 * Bytes per chunk, about: some tenths of a millisecond of work. The store never pauses by itself (a pause needs a clock, which is a port
 * of the node); whoever reads the chunks waits for a disk or a socket after each, and then everybody else has a turn.
 */
const chunkBytes = 64 * 1024

export async function* encodeSnapshot(view: View): AsyncGenerator<Uint8Array, void, undefined> {
  let gathered: Uint8Array[] = []
  let bytes = 0
  let count = 0
  let checksum = 0
  for (const record of records(view)) {
    const framed = frame(record)
    gathered.push(framed)
    checksum = crc32(framed, checksum)
    bytes += framed.length
    count++
    if (bytes < chunkBytes) continue
    yield Buffer.concat(gathered)
    gathered = []
    bytes = 0
  }
  gathered.push(frame(new ByteWriter(32).byte(tags.footer).integer(count).integer(checksum).finish()))
  yield Buffer.concat(gathered)
}

/**
 * What a snapshot holds. However the bytes are cut into chunks makes no difference.
 * @throws RaftError CORRUPT if it is not a complete snapshot of this format.
 */
export async function decodeSnapshot(data: AsyncIterable<Uint8Array>): Promise<View> {
  const reading = new SnapshotReading()
  try {
    for await (const record of unframed(data)) reading.take(record)
    return reading.finish()
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error
    throw new RaftError('CORRUPT', `the snapshot ${error.message}; remove this node's folder and join again with --replace`)
  }
}

/** Checks a snapshot record by record, and puts together what it holds. */
export class SnapshotReading {
  #view: Mutable<View> = emptyView()
  #state: 'header' | 'records' | 'done' = 'header'
  #count = 0
  #checksum = 0
  readonly #keys = OrderedMap.empty<Stored>().draft()
  readonly #keep: boolean
  /** Of the lock that was read last. */
  #queue: Waiter[] | undefined

  /** `keep` false: keys are handed out, and not kept. */
  constructor({ keep = true } = {}) {
    this.#keep = keep
  }

  /** Returns the key that the record holds, if it holds one. @throws MalformedBytes */
  take(bytes: Uint8Array): Stored | undefined {
    const record = new ByteReader(bytes)
    const tag = record.byte()
    if (this.#state === 'records' && tag === tags.footer) return this.#footer(record)
    this.#count++
    this.#checksum = crc32(frame(bytes), this.#checksum)
    let key: Stored | undefined
    if (this.#state === 'header' && tag === tags.header) this.#header(record)
    else if (this.#state === 'records' && tag === tags.key) key = readStored(record)
    else if (this.#state !== 'records' || !this.#other(tag, record)) throw new MalformedBytes(`has a record ${tag} out of place`)
    record.end()
    if (key !== undefined && this.#keep) this.#keys.set(key)
    return key
  }

  finish(): View {
    if (this.#state !== 'done') throw new MalformedBytes('ends too early')
    return { ...this.#view, items: this.#keys.freeze() }
  }

  #header(record: ByteReader): void {
    const format = record.integer()
    if (format !== version) throw new MalformedBytes(`has format version ${format}, this store knows ${version}`)
    const [revision, time, overBefore, restore] = [record.integer(), record.integer(), record.integer(), record.integer()]
    const staged = restore === 0 ? undefined : beginRestore(restore)
    this.#view = { ...emptyView(), revision, time, overBefore, staged }
    this.#state = 'records'
  }

  #other(tag: number, record: ByteReader): boolean {
    const view = this.#view
    if (tag === tags.lease) view.leases = view.leases.set(readLease(record))
    else if (tag === tags.lock) this.#lock(readLock(record))
    else if (tag === tags.waiter && this.#queue !== undefined) this.#queue.push(readWaiter(record))
    else if (tag === tags.answer) view.answers = view.answers.set(readAnswer(record))
    else if (tag === tags.mark) view.marks = view.marks.set(readMark(record))
    else if (tag === tags.secret) view.secrets = view.secrets.set(readSecret(record))
    else if (tag === tags.staged && view.staged) view.staged = { ...view.staged, items: view.staged.items.set(readStored(record)) }
    else if (tag === tags.stagedUntil && view.staged) view.staged = { ...view.staged, deadline: record.integer() }
    else return false
    return true
  }

  #lock(lock: Omit<LockRecord, 'waiting'> & { readonly waiting: Waiter[] }): void {
    this.#queue = lock.waiting
    this.#view.locks = this.#view.locks.set(lock)
  }

  #footer(record: ByteReader): undefined {
    const [count, checksum] = [record.integer(), record.integer()]
    record.end()
    if (count !== this.#count) throw new MalformedBytes('has lost records')
    if (checksum !== this.#checksum) throw new MalformedBytes('does not match its checksum')
    this.#state = 'done'
    return undefined
  }
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

export function emptyView(): View {
  return {
    revision: 0,
    time: 0,
    items: OrderedMap.empty(),
    leases: OrderedMap.empty(),
    locks: OrderedMap.empty(),
    answers: OrderedMap.empty(),
    marks: OrderedMap.empty(),
    overBefore: 0,
    secrets: OrderedMap.empty(),
    staged: undefined,
  }
}

function* records(view: View): Generator<Uint8Array, void, undefined> {
  const { revision, time, overBefore, staged } = view
  const header = new ByteWriter(64).byte(tags.header).integer(version).integer(revision).integer(time).integer(overBefore)
  yield header.integer(staged?.id ?? 0).finish()
  for (const item of view.items.values()) yield storedRecord(tags.key, item)
  for (const { id, ttlMs, deadline, implicit } of view.leases.values()) {
    yield new ByteWriter(64)
      .byte(tags.lease)
      .integer(id)
      .integer(ttlMs)
      .integer(deadline + 1)
      .byte(implicit ? 1 : 0)
      .finish()
  }
  for (const lock of view.locks.values()) yield* lockRecords(lock)
  for (const { key, fingerprint, revision, result } of view.answers.values()) {
    const writer = new ByteWriter(64 + key.length + fingerprint.length + result.length).byte(tags.answer)
    yield writer.binary(key).binary(fingerprint).integer(revision).binary(result).finish()
  }
  for (const { revision, time } of view.marks.values()) yield new ByteWriter(32).byte(tags.mark).integer(revision).integer(time).finish()
  for (const { key, ttlMs, deadline, user } of view.secrets.values()) {
    yield new ByteWriter(128)
      .byte(tags.secret)
      .binary(key)
      .integer(ttlMs)
      .integer(deadline + 1)
      .binary(user)
      .finish()
  }
  for (const item of staged?.items.values() ?? []) yield storedRecord(tags.staged, item)
  if (staged !== undefined && staged.deadline >= 0) yield new ByteWriter(32).byte(tags.stagedUntil).integer(staged.deadline).finish()
}

function storedRecord(tag: number, item: Stored): Uint8Array {
  const writer = new ByteWriter(64 + item.key.length + item.value.length).byte(tag)
  writeStored(writer, item)
  return writer.finish()
}

/** Who waits has a record each, in order: a queue may be longer than a record. */
function* lockRecords({ key, holder, waiting }: LockRecord): Generator<Uint8Array, void, undefined> {
  yield new ByteWriter(128).byte(tags.lock).binary(key).integer(holder.token).integer(holder.lease).binary(holder.value).finish()
  for (const { lease, value } of waiting) yield new ByteWriter(128).byte(tags.waiter).integer(lease).binary(value).finish()
}

function readLease(record: ByteReader): LeaseRecord {
  const id = record.integer()
  return { key: numberKey(id), id, ttlMs: record.integer(), deadline: record.integer() - 1, implicit: record.byte() === 1 }
}
function readLock(record: ByteReader): Omit<LockRecord, 'waiting'> & { readonly waiting: Waiter[] } {
  const [key, token] = [record.binary(), record.integer()]
  return { key, holder: { ...readWaiter(record), token }, waiting: [] }
}
function readWaiter(record: ByteReader): Waiter {
  return { lease: record.integer(), value: record.binary() }
}
function readAnswer(record: ByteReader): AnswerRecord {
  return { key: record.binary(), fingerprint: record.binary(), revision: record.integer(), result: record.binary() }
}
function readMark(record: ByteReader): Mark {
  const revision = record.integer()
  return { key: numberKey(revision), revision, time: record.integer() }
}
function readSecret(record: ByteReader): SecretRecord {
  return { key: record.binary(), ttlMs: record.integer(), deadline: record.integer() - 1, user: record.binary() }
}
