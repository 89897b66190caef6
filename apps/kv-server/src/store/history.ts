import type { Change } from './keyspace.ts'

/** All that one command changed. */
export type Revision = { readonly revision: number; readonly changes: readonly Change[]; readonly bytes: number }

export type HistoryLimits = { readonly revisions: number; readonly bytes: number }

/**
 * The latest changes, in their order, for those who watch. Every node keeps its own, from what it applies; so a watcher can go on at any
 * node, as far back as that one remembers.
 */
export class History {
  readonly #limits: HistoryLimits
  /** Ascending; those before `#start` are forgotten, and dropped now and then. */
  #revisions: Revision[] = []
  #start = 0
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
      const bytes = changes.reduce((sum, change) => sum + bytesOf(change), 0)
      this.#revisions.push({ revision, changes, bytes })
      this.#bytes += bytes
      this.#forget()
    }
    for (const listener of this.#listeners) listener()
  }

  /** The state came from elsewhere: how, nobody can tell. */
  restart(revision: number): void {
    this.#revisions = []
    this.#start = 0
    this.#bytes = 0
    this.#forgottenUpTo = revision
    this.#last = revision
    for (const listener of this.#listeners) listener()
  }

  /** The first change after this revision; undefined if there is none yet. */
  next(revision: number): Revision | undefined {
    let low = this.#start
    let high = this.#revisions.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#revisions[middle] as Revision).revision <= revision) low = middle + 1
      else high = middle
    }
    return this.#revisions[low]
  }

  /** Called after every command. Returns how to stop that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #forget(): void {
    while (this.#revisions.length - this.#start > this.#limits.revisions || this.#bytes > this.#limits.bytes) {
      const { revision, bytes } = this.#revisions[this.#start] as Revision
      this.#start++
      this.#bytes -= bytes
      this.#forgottenUpTo = revision
    }
    if (this.#start < 1_000 || this.#start * 2 < this.#revisions.length) return
    this.#revisions = this.#revisions.slice(this.#start)
    this.#start = 0
  }
}

const bytesBeside = 150

function bytesOf(change: Change): number {
  return bytesBeside + (change.type === 'put' ? change.item.key.length + change.item.value.length : change.key.length)
}
