import type { Change } from './keyspace.ts'

/** All that one command changed. */
export type Revision = { readonly revision: number; readonly changes: readonly Change[] }

export type HistoryLimits = { readonly revisions: number; readonly bytes: number }

/**
 * The latest changes, in their order, for those who watch. Every node keeps its own, from what it applies; so a watcher can go on at any
 * node, as far back as that one remembers.
 */
export class History {
  readonly #limits: HistoryLimits
  /**
   * Change by change, each with its revision at the same place, ascending: most commands make one, and an object for each would weigh
   * as much as a small value. Both go round: the oldest lies at `#start`, and those that follow it behind, beginning anew at 0 after the
   * last place. Arrays from which the oldest are cut off would be copied again and again.
   */
  #changes: Change[] = forgottenTimes(leastPlaces)
  #revisions: number[] = new Array(leastPlaces).fill(0)
  #start = 0
  #length = 0
  /** How many revisions that is. */
  #count = 0
  #bytes = 0
  #forgottenUpTo = 0
  #last = 0
  readonly #listeners = new Set<() => void>()

  constructor(limits: HistoryLimits) {
    this.#limits = limits
  }

  /** Changes up to here cannot be told any more. */
  get forgottenUpTo(): number {
    return this.#forgottenUpTo
  }
  /** Everything up to here has been applied. */
  get last(): number {
    return this.#last
  }

  record(revision: number, changes: readonly Change[]): void {
    this.#last = revision
    if (changes.length > 0) {
      for (const change of changes) this.#add(revision, change)
      this.#count++
      while (this.#count > this.#limits.revisions || this.#bytes > this.#limits.bytes) this.#forgetOldest()
      const places = this.#changes.length
      if (places > leastPlaces && this.#length < places / 4) this.#resize(places / 2)
    }
    for (const listener of this.#listeners) listener()
  }

  /** The state came from elsewhere: how, nobody can tell. */
  restart(revision: number): void {
    this.#changes = forgottenTimes(leastPlaces)
    this.#revisions = new Array(leastPlaces).fill(0)
    this.#start = 0
    this.#length = 0
    this.#count = 0
    this.#bytes = 0
    this.#forgottenUpTo = revision
    this.#last = revision
    for (const listener of this.#listeners) listener()
  }

  /** The first change after this revision; undefined if there is none yet. */
  next(revision: number): Revision | undefined {
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#revisionOf(middle) <= revision) low = middle + 1
      else high = middle
    }
    if (low === this.#length) return undefined
    const changes: Change[] = []
    const next = this.#revisionOf(low)
    for (; low < this.#length && this.#revisionOf(low) === next; low++) changes.push(this.#changes[this.#placeOf(low)] as Change)
    return { revision: next, changes }
  }

  /** Called after every command. Returns how to stop that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #add(revision: number, change: Change): void {
    if (this.#length === this.#changes.length) this.#resize(2 * this.#length)
    const place = this.#placeOf(this.#length++)
    this.#changes[place] = change
    this.#revisions[place] = revision
    this.#bytes += bytesOf(change)
  }

  #forgetOldest(): void {
    const revision = this.#revisionOf(0)
    for (; this.#length > 0 && this.#revisionOf(0) === revision; this.#length--) {
      this.#bytes -= bytesOf(this.#changes[this.#start] as Change)
      this.#changes[this.#start] = forgotten // its place may not keep a large value
      this.#start = this.#placeOf(1)
    }
    this.#forgottenUpTo = revision
    this.#count--
  }

  /** The oldest goes into the first place. */
  #resize(places: number): void {
    const changes = forgottenTimes(places)
    const revisions: number[] = new Array(places).fill(0)
    for (let age = 0; age < this.#length; age++) {
      changes[age] = this.#changes[this.#placeOf(age)] as Change
      revisions[age] = this.#revisionOf(age)
    }
    this.#changes = changes
    this.#revisions = revisions
    this.#start = 0
  }

  /** Of the change that so many are older than. There are always 2, 4, 8… places. */
  #placeOf(age: number): number {
    return (this.#start + age) & (this.#changes.length - 1)
  }

  #revisionOf(age: number): number {
    return this.#revisions[this.#placeOf(age)] as number
  }
}

const leastPlaces = 1_024

const forgotten: Change = { key: '', value: undefined }

function forgottenTimes(places: number): Change[] {
  return new Array<Change>(places).fill(forgotten)
}

const bytesBeside = 150

function bytesOf({ key, value }: Change): number {
  return bytesBeside + key.length + (value?.length ?? 0)
}
