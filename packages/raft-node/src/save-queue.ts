import type { Entry, HardState } from 'raft-core'
import type { LogBatch, LogStore } from './ports.ts'

type Item<T> = { readonly owner: T; readonly batch: LogBatch | undefined }

/** Told in the order of `add`. `saved` gets everything that one save has made durable; after `failed` nothing more is ever saved. */
export type SaveListener<T> = { saved(owners: readonly T[]): void; failed(error: unknown): void }

/**
 * Saves batches in order, one at a time. Whatever gathers while a save is in progress goes to disk together in the next: group commit.
 */
export class SaveQueue<T> {
  readonly #store: LogStore
  readonly #listener: SaveListener<T>
  #waiting: Item<T>[] = []
  /** What needs no flush (a commit index) goes along with what does. None after a failure: what failed needed one, and took it along. */
  #unsaved: HardState | undefined
  #saving = 0
  #begun = 0
  #stopped = false
  #active = false
  #running: Promise<void> = Promise.resolve()

  constructor(store: LogStore, listener: SaveListener<T>) {
    this.#store = store
    this.#listener = listener
  }

  /** Owners not saved yet. */
  get size(): number {
    return this.#saving + this.#waiting.length
  }

  /** The number of the save under way, if there is one. */
  get current(): number | undefined {
    return this.#saving > 0 ? this.#begun : undefined
  }

  /** `batch` undefined: nothing to save, but `owner` rests on all earlier saves. */
  add(owner: T, batch: LogBatch | undefined): void {
    this.#waiting.push({ owner, batch })
    if (!this.#active && !this.#stopped) this.#running = this.#run()
  }

  /** Resolves once the save in progress has ended; starts no other. The store hears of what it has not saved, to keep it when it closes. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    const hardState = this.#unsaved
    if (hardState === undefined) return
    // Should it fail, the store will say so when it closes.
    await this.#store.save({ hardState, entries: [], resetTo: undefined, mustSync: false }).catch(() => {})
  }

  async #run(): Promise<void> {
    this.#active = true
    while (this.#waiting.length > 0 && !this.#stopped) {
      const items = this.#waiting.splice(0, together(this.#waiting))
      this.#saving = items.length
      this.#begun += 1
      try {
        const batch = merged(batchesOf(items), this.#unsaved)
        this.#unsaved = batch?.mustSync === false ? batch.hardState : undefined
        if (batch?.mustSync) await this.#save(batch)
      } catch (error) {
        // A failed save is final (LogStore): what the disk holds now is unknown, so nothing may be acknowledged or tried again.
        this.#stopped = true
        this.#listener.failed(error)
        return
      }
      this.#saving = 0
      this.#listener.saved(items.map(item => item.owner))
    }
    this.#active = false
  }

  /** Not before the messages of a turn have left, which they do ahead of its microtasks: others have to save what is in them, too. */
  async #save(batch: LogBatch): Promise<void> {
    await undefined
    await this.#store.save(batch)
  }
}

/** A loop: for each save, flatMap costs more than all that is done here besides. */
function batchesOf(items: readonly Item<unknown>[]): LogBatch[] {
  const batches: LogBatch[] = []
  for (const { batch } of items) if (batch !== undefined) batches.push(batch)
  return batches
}

/** How many of the waiting may share one save: a snapshot replaces the log before it, so it begins a batch of its own. */
function together<T>(waiting: readonly Item<T>[]): number {
  const reset = waiting.findIndex(({ batch }, at) => at > 0 && batch?.resetTo !== undefined)
  return reset < 0 ? waiting.length : reset
}

/** What several batches leave behind when they are saved one after the other, and after `before`, as one batch. */
export function merged(batches: readonly LogBatch[], before?: HardState): LogBatch | undefined {
  if (batches.length <= 1 && before === undefined) return batches[0]
  let hardState = before
  let entries: readonly Entry[] = []
  let mustSync = false
  let repaired = false
  for (const batch of batches) {
    hardState = batch.hardState ?? hardState
    entries = replacedFrom(entries, batch.entries)
    mustSync ||= batch.mustSync
    repaired ||= batch.repaired === true
  }
  return { hardState, entries, mustSync, resetTo: batches[0]?.resetTo, ...(repaired && { repaired }) }
}

/** Later entries replace earlier ones at their indices and after. */
function replacedFrom(earlier: readonly Entry[], later: readonly Entry[]): readonly Entry[] {
  const [first] = later
  if (first === undefined) return earlier
  if (earlier.length === 0) return later
  return [...earlier.filter(entry => entry.index < first.index), ...later]
}
