import type { Binary } from './binary.ts'
import type { KeyedCommand } from './command.ts'
import { numberKey } from './numbered.ts'
import { OrderedMap } from './ordered-map.ts'

/** The answer to a request that said how it may be known again. */
export type AnswerRecord = {
  /** Who asked, and the key that came with it. */
  readonly key: Binary
  readonly fingerprint: Binary
  readonly revision: number
  /** The result, encoded. */
  readonly result: Binary
}
/** All that was recorded before this revision was recorded before this time. */
export type Mark = { readonly key: string; readonly revision: number; readonly time: number }

const day = 24 * 60 * 60 * 1000
/** Marks closer together would only cost memory. */
const markEveryMs = 60_000
/** What is over is removed bit by bit, so that no command takes long. */
const removedAtOnce = 8
const removedWithTime = 2_000
const bytesBeside = 200

/** Answers to keyed commands, for 24 hours of log time at least. Part of the replicated state: whoever leads knows them. */
export class Answers {
  #records = OrderedMap.empty<AnswerRecord>()
  #marks = OrderedMap.empty<Mark>()
  /** Follow from the records: the oldest first, and what they take. */
  #oldest = OrderedMap.empty<{ readonly key: string; readonly record: AnswerRecord }>()
  #bytes = 0
  /** Before this revision all may go. */
  #overBefore = 0

  get records(): OrderedMap<AnswerRecord> {
    return this.#records
  }
  get marks(): OrderedMap<Mark> {
    return this.#marks
  }
  get size(): number {
    return this.#records.size
  }

  get(id: Binary): AnswerRecord | undefined {
    return this.#records.get(id)
  }

  hasRoomFor({ id, fingerprint, limits }: KeyedCommand): boolean {
    return this.#records.size < limits.records && this.#bytes + id.length + fingerprint.length + bytesBeside <= limits.bytes
  }

  add(record: AnswerRecord): void {
    this.#records = this.#records.set(record)
    this.#oldest = this.#oldest.set({ key: numberKey(record.revision), record })
    this.#bytes += bytesOf(record)
    this.#remove(removedAtOnce)
  }

  /** So much time was recorded, at this revision. */
  pass(now: number, revision: number): void {
    let last: Mark | undefined
    for (const mark of this.#marks.values()) {
      last = mark
      if (mark.time + day > now) continue
      this.#overBefore = mark.revision
      this.#marks = this.#marks.delete(mark.key)
    }
    const unmarked = this.#records.size > 0 && (last === undefined || now - last.time >= markEveryMs)
    if (unmarked) this.#marks = this.#marks.set({ key: numberKey(revision), revision, time: now })
    this.#remove(removedWithTime)
  }

  replace(records: OrderedMap<AnswerRecord>, marks: OrderedMap<Mark>, overBefore: number): void {
    this.#records = records
    this.#marks = marks
    this.#overBefore = overBefore
    this.#oldest = OrderedMap.empty()
    this.#bytes = 0
    for (const record of records.values()) {
      this.#oldest = this.#oldest.set({ key: numberKey(record.revision), record })
      this.#bytes += bytesOf(record)
    }
  }

  get overBefore(): number {
    return this.#overBefore
  }

  #remove(most: number): void {
    let removed = 0
    for (const { key, record } of this.#oldest.values()) {
      if (record.revision >= this.#overBefore || removed === most) return
      this.#oldest = this.#oldest.delete(key)
      this.#records = this.#records.delete(record.key)
      this.#bytes -= bytesOf(record)
      removed++
    }
  }
}

function bytesOf({ key, fingerprint, result }: AnswerRecord): number {
  return key.length + fingerprint.length + result.length + bytesBeside
}
