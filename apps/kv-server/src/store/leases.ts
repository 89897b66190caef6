import { numberKey } from './numbered.ts'
import { OrderedMap } from './ordered-map.ts'

/** Something that ends unless it is renewed. */
export type LeaseRecord = {
  readonly key: string
  readonly id: number
  readonly ttlMs: number
  /** In log time; `notYet` until the first time is recorded after the lease was granted or kept alive. */
  readonly deadline: number
  /** Made for keys with a time to live, and gone with the last of them. */
  readonly implicit: boolean
}

/** Times are whole milliseconds, so two of them may have lain closer together than they say. */
const rounding = 1
/** There is no deadline yet. */
const notYet = -1

/**
 * Leases by log time (thesis §6.3 expires sessions so). The time that is recorded may lie behind, so a deadline is not reckoned from it: a
 * lease gets its deadline from the first time that is recorded *after* it. The leader measured that later than it proposed the lease,
 * so no lease ends before its time has really passed; it may end later, by as much as two recordings lie apart.
 */
export class Leases {
  #records = OrderedMap.empty<LeaseRecord>()
  /** Follow from the records: those with a deadline in the order of it, and those that wait for one. */
  #deadlines = OrderedMap.empty<{ readonly key: string; readonly id: number; readonly deadline: number }>()
  #pending = new Set<number>()

  get records(): OrderedMap<LeaseRecord> {
    return this.#records
  }
  get size(): number {
    return this.#records.size
  }
  /** How many wait for a time to be recorded. */
  get pending(): number {
    return this.#pending.size
  }
  /** The earliest; undefined if there is none. */
  get nextDeadline(): number | undefined {
    for (const { deadline } of this.#deadlines.values()) return deadline
    return undefined
  }

  get(id: number): LeaseRecord | undefined {
    return this.#records.get(numberKey(id))
  }

  replace(records: OrderedMap<LeaseRecord>): void {
    this.#records = OrderedMap.empty()
    this.#deadlines = OrderedMap.empty()
    this.#pending = new Set()
    for (const record of records.values()) this.#put(record)
  }

  grant(id: number, ttlMs: number, implicit: boolean): void {
    this.#put({ key: numberKey(id), id, ttlMs, deadline: notYet, implicit })
  }

  /** Its time begins anew. False if there is no such lease. */
  keepAlive(id: number): LeaseRecord | undefined {
    const record = this.get(id)
    if (record === undefined) return undefined
    this.#put({ ...record, deadline: notYet })
    return record
  }

  remove(id: number): void {
    const record = this.get(id)
    if (record === undefined) return
    this.#unlist(record)
    this.#records = this.#records.delete(record.key)
  }

  /** So much time was recorded. Returns those whose time is over, in the order of their deadlines; who waited gets a deadline. */
  pass(now: number): readonly number[] {
    const over: number[] = []
    for (const { id, deadline } of this.#deadlines.values()) {
      if (deadline > now) break
      over.push(id)
    }
    for (const id of [...this.#pending].sort((a, b) => a - b)) {
      const record = this.get(id)
      if (record !== undefined) this.#put({ ...record, deadline: now + record.ttlMs + rounding })
    }
    return over
  }

  #put(record: LeaseRecord): void {
    const before = this.#records.get(record.key)
    if (before !== undefined) this.#unlist(before)
    this.#records = this.#records.set(record)
    const { id, deadline } = record
    if (deadline === notYet) this.#pending.add(id)
    else this.#deadlines = this.#deadlines.set({ key: deadlineKey(record), id, deadline })
  }

  #unlist(record: LeaseRecord): void {
    if (record.deadline === notYet) this.#pending.delete(record.id)
    else this.#deadlines = this.#deadlines.delete(deadlineKey(record))
  }
}

function deadlineKey({ deadline, id }: LeaseRecord): string {
  return numberKey(deadline) + numberKey(id)
}

/** At least so much is left of it at this time. */
export function remainingMs({ deadline, ttlMs }: LeaseRecord, now: number): number {
  return deadline === notYet ? ttlMs : Math.max(0, deadline - now)
}
