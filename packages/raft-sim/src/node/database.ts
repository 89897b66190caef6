import type { Random } from '../random.ts'

type Put = readonly [key: string, value: Uint8Array]
/** Kept whole or not at all. */
export type Write = { readonly removes: readonly string[]; readonly puts: readonly Put[]; readonly sync: boolean }

/** Hears what survives a power cut from now on. */
export type DatabaseListener = (write: Write) => void

/**
 * An ordered store with a write-ahead log, as LevelDB is one: what was not synced lives in the kernel and may be lost from the end;
 * a synced write makes everything before it durable.
 */
export class Database {
  readonly #memory = new Map<string, Uint8Array>()
  readonly #durable = new Map<string, Uint8Array>()
  #unsynced: Write[] = []
  readonly #listener: DatabaseListener

  constructor(listener: DatabaseListener) {
    this.#listener = listener
  }

  /** What survives a power cut. */
  get durable(): ReadonlyMap<string, Uint8Array> {
    return this.#durable
  }
  get unsynced(): number {
    return this.#unsynced.length
  }

  write(write: Write): void {
    apply(this.#memory, write)
    this.#unsynced.push(write)
    if (write.sync) this.#keep(this.#unsynced.length)
  }

  /** In order, both ends included. */
  keys(from: string, to: string): string[] {
    return [...this.#memory.keys()].filter(key => key >= from && key <= to).sort()
  }
  get(key: string): Uint8Array | undefined {
    return this.#memory.get(key)
  }

  /** Opening writes what the log holds into a synced table: what can be read from now on is durable. */
  reopen(): void {
    this.#keep(this.#unsynced.length)
  }

  powerCut(random: Random): void {
    this.#keep(random.below(this.#unsynced.length + 1))
    this.#unsynced = []
    this.#memory.clear()
    for (const [key, value] of this.#durable) this.#memory.set(key, value)
  }

  #keep(count: number): void {
    for (const write of this.#unsynced.splice(0, count)) {
      apply(this.#durable, write)
      this.#listener(write)
    }
  }
}

function apply(records: Map<string, Uint8Array>, { removes, puts }: Write): void {
  for (const key of removes) records.delete(key)
  for (const [key, value] of puts) records.set(key, value)
}
