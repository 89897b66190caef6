import type { Binary } from './binary.ts'
import { OrderedMap } from './ordered-map.ts'

export type LockRecord = {
  /** The name. */
  readonly key: Binary
  readonly holder: Holder
  /** First come, first served. */
  readonly waiting: readonly Waiter[]
}
export type Waiter = { readonly lease: number; readonly value: Binary }
/** `token`: the revision at which it came to hold the lock. It only grows, so whoever is written to can refuse an earlier holder. */
type Holder = Waiter & { readonly token: number }

export type Standing = { readonly token: number; readonly ahead: number }

/** Locks, each held for a lease; with a value beside it, an election. A lock that nobody holds is not there. */
export class Locks {
  #records = OrderedMap.empty<LockRecord>()
  /** Follows from the records: where a lease holds or waits. */
  #byLease = new Map<number, Set<Binary>>()
  #places = 0

  get records(): OrderedMap<LockRecord> {
    return this.#records
  }

  /** How many hold or wait for one, counted for each lock. */
  get places(): number {
    return this.#places
  }

  /** Whether the lease holds or waits for it. */
  has(name: Binary, lease: number): boolean {
    return this.#byLease.get(lease)?.has(name) === true
  }

  get(name: Binary): LockRecord | undefined {
    return this.#records.get(name)
  }

  replace(records: OrderedMap<LockRecord>): void {
    this.#records = records
    this.#byLease = new Map()
    this.#places = 0
    for (const { key, holder, waiting } of records.values()) for (const { lease } of [holder, ...waiting]) this.#note(key, lease)
  }

  /** Takes the lock or a place at the end of its queue. Who has either already keeps it, with the new value. */
  acquire(name: Binary, lease: number, value: Binary, revision: number): Standing {
    this.#note(name, lease)
    const lock = this.#records.get(name)
    if (lock === undefined) {
      this.#records = this.#records.set({ key: name, holder: { lease, value, token: revision }, waiting: [] })
      return { token: revision, ahead: 0 }
    }
    const { holder, waiting } = lock
    if (holder.lease === lease) {
      if (holder.value !== value) this.#records = this.#records.set({ ...lock, holder: { ...holder, value } })
      return { token: holder.token, ahead: 0 }
    }
    const place = waiting.findIndex(waiter => waiter.lease === lease)
    const waiter = { lease, value }
    const queue = place < 0 ? [...waiting, waiter] : waiting.with(place, waiter)
    this.#records = this.#records.set({ ...lock, waiting: queue })
    return { token: 0, ahead: place < 0 ? waiting.length + 1 : place + 1 }
  }

  /** The lease neither holds nor waits any more. False if it did neither. */
  release(name: Binary, lease: number, revision: number): boolean {
    const names = this.#byLease.get(lease)
    if (names?.delete(name) !== true) return false
    this.#places--
    if (names.size === 0) this.#byLease.delete(lease)
    this.#without(name, new Set([lease]), revision)
    return true
  }

  /** These leases are over, all at once: none of them may come to hold a lock on the way out. */
  end(leases: readonly number[], revision: number): void {
    const over = new Set(leases)
    const names = new Set<Binary>()
    for (const lease of leases) {
      const left = this.#byLease.get(lease) ?? new Set()
      for (const name of left) names.add(name)
      this.#places -= left.size
      this.#byLease.delete(lease)
    }
    for (const name of names) this.#without(name, over, revision)
  }

  #without(name: Binary, leases: ReadonlySet<number>, revision: number): void {
    const lock = this.#records.get(name)
    if (lock === undefined) return
    const waiting = lock.waiting.filter(({ lease }) => !leases.has(lease))
    if (!leases.has(lock.holder.lease)) {
      this.#records = this.#records.set({ ...lock, waiting })
      return
    }
    const [next, ...rest] = waiting
    if (next === undefined) this.#records = this.#records.delete(name)
    else this.#records = this.#records.set({ key: name, holder: { ...next, token: revision }, waiting: rest })
  }

  #note(name: Binary, lease: number): void {
    if (this.has(name, lease)) return
    this.#places++
    const names = this.#byLease.get(lease)
    if (names === undefined) this.#byLease.set(lease, new Set([name]))
    else names.add(name)
  }
}
