import { afterPrefix, type Binary } from './binary.ts'
import { OrderedMap } from './ordered-map.ts'
import type { Stored } from './stored.ts'

/** What one command did to one key: what it holds now, or that it is gone. The item itself, since many of them are remembered. */
export type Change = Stored | { readonly key: Binary; readonly value: undefined }

/** The keys, and which of them end with which lease. */
export class Keyspace {
  #items = OrderedMap.empty<Stored>().draft()
  /** Follows from the items. */
  #byLease = new Map<number, Set<Binary>>()
  /** Leases that lost their last key since the last `takeIdleLeases`. */
  #idleLeases: number[] = []
  /** What was done since the last `takeChanges`. */
  readonly #changes: Change[] = []

  get size(): number {
    return this.#items.size
  }

  get(key: Binary): Stored | undefined {
    return this.#items.get(key)
  }

  /** As they are now, also after later writes. The first write to each part after this copies it: not for every look at a key. */
  frozen(): OrderedMap<Stored> {
    return this.#items.freeze()
  }

  replace(items: OrderedMap<Stored>): void {
    const before = this.#byLease
    this.#items = items.draft()
    this.#byLease = new Map()
    this.#changes.length = 0
    for (const { key, lease } of items.values()) if (lease !== 0) this.#attach(key, lease)
    this.#idleLeases = [...before.keys()].filter(lease => !this.#byLease.has(lease))
  }

  put(key: Binary, value: Binary, lease: number, revision: number): void {
    const before = this.#items.get(key)
    const [created, version] = before === undefined ? [revision, 1] : [before.created, before.version + 1]
    // The key as it lies in memory already: the one that came with the command need not live as long as the value.
    const item = { key: before?.key ?? key, value, created, modified: revision, version, lease }
    if (before !== undefined && before.lease !== lease) this.#detach(before)
    if (lease !== 0) this.#attach(item.key, lease)
    this.#items.set(item)
    this.#changes.push(item)
  }

  delete(key: Binary): boolean {
    const before = this.#items.get(key)
    if (before === undefined) return false
    this.#detach(before)
    this.#items.delete(key)
    this.#changes.push({ key, value: undefined })
    return true
  }

  deletePrefix(prefix: Binary): number {
    const end = afterPrefix(prefix)
    let deleted = 0
    for (const { key } of this.frozen().values(prefix)) {
      if (end !== undefined && key >= end) break
      this.delete(key)
      deleted++
    }
    return deleted
  }

  /** In ascending order: the same on every node, however it came by its state. */
  keysOf(lease: number): readonly Binary[] {
    return [...(this.#byLease.get(lease) ?? [])].sort((a, b) => (a < b ? -1 : 1))
  }
  countOf(lease: number): number {
    return this.#byLease.get(lease)?.size ?? 0
  }

  /** In the order in which they happened. `take` must not keep the list. */
  takeChanges(take: (changes: readonly Change[]) => void): void {
    take(this.#changes)
    while (this.#changes.length > 0) this.#changes.pop() // setting the length drops the array's memory, for every command
  }

  takeIdleLeases(): readonly number[] {
    const idle = this.#idleLeases
    if (idle.length > 0) this.#idleLeases = []
    return idle
  }

  #attach(key: Binary, lease: number): void {
    const keys = this.#byLease.get(lease)
    if (keys === undefined) this.#byLease.set(lease, new Set([key]))
    else keys.add(key)
  }

  #detach({ key, lease }: Stored): void {
    if (lease === 0) return
    const keys = this.#byLease.get(lease)
    keys?.delete(key)
    if (keys?.size !== 0) return
    this.#byLease.delete(lease)
    this.#idleLeases.push(lease)
  }
}
