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
   * as much as a small value. Those before `#start` are forgotten, and dropped now and then.
   */
  #changes: Change[] = []
  #revisions: number[] = []
  #start = 0
  /** How many revisions there are from `#start` on. */
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
      for (const change of changes) {
        this.#changes.push(change)
        this.#revisions.push(revision)
        this.#bytes += bytesOf(change)
      }
      this.#count++
      this.#forget()
    }
    for (const listener of this.#listeners) listener()
  }

  /** The state came from elsewhere: how, nobody can tell. */
  restart(revision: number): void {
    this.#changes = []
    this.#revisions = []
    this.#start = 0
    this.#count = 0
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
      if ((this.#revisions[middle] as number) <= revision) low = middle + 1
      else high = middle
    }
    const next = this.#revisions[low]
    return next === undefined ? undefined : { revision: next, changes: this.#changes.slice(low, this.#endOf(low)) }
  }

  /** Called after every command. Returns how to stop that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #endOf(start: number): number {
    let end = start + 1
    while (this.#revisions[end] === this.#revisions[start]) end++
    return end
  }

  #forget(): void {
    while (this.#count > this.#limits.revisions || this.#bytes > this.#limits.bytes) {
      const end = this.#endOf(this.#start)
      this.#forgottenUpTo = this.#revisions[this.#start] as number
      for (; this.#start < end; this.#start++) {
        this.#bytes -= bytesOf(this.#changes[this.#start] as Change)
        this.#changes[this.#start] = forgotten // its place stays for a while, and may not keep a large value
      }
      this.#count--
    }
    if (this.#start < 1_000 || this.#start * 4 < this.#revisions.length) return
    this.#changes = this.#changes.slice(this.#start)
    this.#revisions = this.#revisions.slice(this.#start)
    this.#start = 0
  }
}

const forgotten: Change = { key: '', value: undefined }

const bytesBeside = 150

function bytesOf({ key, value }: Change): number {
  return bytesBeside + key.length + (value?.length ?? 0)
}
