import { crc32 } from 'node:zlib'
import { RaftError } from 'raft-node'
import type { AnswerRecord, Mark } from './answers.ts'
import { ByteReader, ByteWriter, MalformedBytes } from './bytes.ts'
import type { LeaseRecord } from './leases.ts'
import type { LockRecord, Waiter } from './locks.ts'
import { numberKey } from './numbered.ts'
import { OrderedMap } from './ordered-map.ts'
import { checksumWith, unframed } from './record-stream.ts'
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
/** Most last records of a chunk fit, and little memory is asked for in vain. */
const overhangBytes = 4 * 1024

export async function* encodeSnapshot(view: View): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new ByteWriter(chunkBytes + overhangBytes)
  let checksum = 0
  let count = 0
  for (const write of records(view)) {
    writer.record(write)
    count++
    if (writer.length < chunkBytes) continue
    const chunk = writer.take()
    checksum = crc32(chunk, checksum)
    yield chunk
  }
  const rest = writer.take()
  checksum = crc32(rest, checksum)
  writer.record(footer => footer.byte(tags.footer).integer(count).integer(checksum))
  yield Buffer.concat([rest, writer.finish()])
}

/**
 * What a snapshot holds. However the bytes are cut into chunks makes no difference.
 * @throws RaftError CORRUPT if it is not a complete snapshot of this format.
 */
export async function decodeSnapshot(data: AsyncIterable<Uint8Array>): Promise<View> {
  const reading = new SnapshotReading()
  try {
    for await (const _ of reading.itemsIn(data));
    return reading.finish()
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error
    throw new RaftError('CORRUPT', `the snapshot ${error.message}`)
  }
}

/** Checks a snapshot record by record, and puts together what it holds. */
export class SnapshotReading {
  #view: Mutable<View> = emptyView()
  #state: 'header' | 'records' | 'done' = 'header'
  #count = 0
  #checksum = 0
  readonly #keys: Stored[] = []
  readonly #keep: boolean
  /** Of the lock that was read last. */
  #queue: Waiter[] | undefined

  /** `keep` false: keys are handed out, and not kept. */
  constructor({ keep = true } = {}) {
    this.#keep = keep
  }

  /** The keys, as many at once as a chunk holds. @throws MalformedBytes */
  async *itemsIn(data: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Stored[], void, undefined> {
    for await (const records of unframed(data)) yield records.map(record => this.#take(record)).filter(item => item !== undefined)
  }

  #take(bytes: Uint8Array): Stored | undefined {
    const record = new ByteReader(bytes)
    const tag = record.byte()
    if (this.#state === 'records' && tag === tags.footer) return this.#footer(record)
    this.#count++
    this.#checksum = checksumWith(bytes, this.#checksum)
    let key: Stored | undefined
    if (this.#state === 'header' && tag === tags.header) this.#header(record)
    else if (this.#state === 'records' && tag === tags.key) key = readStored(record)
    else if (this.#state !== 'records' || !this.#other(tag, record)) throw new MalformedBytes(`has a record ${tag} out of place`)
    record.end()
    if (key !== undefined && this.#keep) this.#keepKey(key)
    return key
  }

  finish(): View {
    if (this.#state !== 'done') throw new MalformedBytes('ends too early')
    return { ...this.#view, items: OrderedMap.ofAscending(this.#keys) }
  }

  #keepKey(item: Stored): void {
    const last = this.#keys.at(-1)
    if (last !== undefined && last.key >= item.key) throw new MalformedBytes('has keys out of order')
    this.#keys.push(item)
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

type WriteRecord = (writer: ByteWriter) => void

function* records(view: View): Generator<WriteRecord, void, undefined> {
  const { revision, time, overBefore, staged } = view
  yield to =>
    to
      .byte(tags.header)
      .integer(version)
      .integer(revision)
      .integer(time)
      .integer(overBefore)
      .integer(staged?.id ?? 0)
  for (const item of view.items.values()) yield to => writeStored(to.byte(tags.key), item)
  for (const { id, ttlMs, deadline, implicit } of view.leases.values()) {
    yield to =>
      to
        .byte(tags.lease)
        .integer(id)
        .integer(ttlMs)
        .integer(deadline + 1)
        .byte(implicit ? 1 : 0)
  }
  for (const lock of view.locks.values()) yield* lockRecords(lock)
  for (const { key, fingerprint, revision, result } of view.answers.values()) {
    yield to => to.byte(tags.answer).binary(key).binary(fingerprint).integer(revision).binary(result)
  }
  for (const { revision, time } of view.marks.values()) yield to => to.byte(tags.mark).integer(revision).integer(time)
  for (const { key, ttlMs, deadline, user } of view.secrets.values()) {
    yield to =>
      to
        .byte(tags.secret)
        .binary(key)
        .integer(ttlMs)
        .integer(deadline + 1)
        .binary(user)
  }
  for (const item of staged?.items.values() ?? []) yield to => writeStored(to.byte(tags.staged), item)
  if (staged !== undefined && staged.deadline >= 0) yield to => to.byte(tags.stagedUntil).integer(staged.deadline)
}

/** Who waits has a record each, in order: a queue may be longer than a record. */
function* lockRecords({ key, holder, waiting }: LockRecord): Generator<WriteRecord, void, undefined> {
  yield to => to.byte(tags.lock).binary(key).integer(holder.token).integer(holder.lease).binary(holder.value)
  for (const { lease, value } of waiting) yield to => to.byte(tags.waiter).integer(lease).binary(value)
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
