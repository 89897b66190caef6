import type { Random } from '../random.ts'

type Put = readonly [key: string, value: Uint8Array]
/** Kept whole or not at all. */
export type Write = { readonly removes: readonly string[]; readonly puts: readonly Put[]; readonly sync: boolean }

type Replaced = ReadonlyMap<string, Uint8Array | undefined>
const remembered = 8
/** What a batch takes beside its contents. */
const recordBytes = 20

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
  /** What the last durable writes replaced, newest last. */
  readonly #replaced: Replaced[] = []
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

  /** So much more of the disk it takes with this; less, where something is removed. */
  growth({ removes, puts }: Write): number {
    const before = (key: string) => this.#memory.get(key)?.length ?? 0
    return (
      puts.reduce((sum, [key, value]) => sum + key.length + value.length, recordBytes) - removes.reduce((sum, key) => sum + before(key), 0)
    )
  }

  /** All that can be read now. */
  records(): readonly Put[] {
    return [...this.#memory]
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

  /** As if the end of its write-ahead log were gone: so many batches, and more until one was among them that wrote such a key. */
  forgetLast(count: number, wanted: (key: string) => boolean): boolean {
    let from = this.#replaced.length - count
    while (from >= 0 && ![...(this.#replaced[from]?.keys() ?? [])].some(key => wanted(key) && this.#durable.has(key))) from--
    if (from < 0) return false
    const undone = this.#replaced.splice(from)
    for (const before of undone.reverse()) for (const [key, value] of before) this.damage(key, value)
    return true
  }
  /** As if a write had never reached its place. */
  restoreOlder(random: Random, wanted: (key: string) => boolean): boolean {
    const older = this.#replaced
      .flatMap(before => [...before])
      .filter(([key, value]) => wanted(key) && value !== undefined && this.#durable.has(key))
    if (older.length === 0) return false
    const [key, value] = random.pick(older)
    return this.damage(key, value)
  }
  /** Undefined: it is gone. Whether that makes a difference. */
  damage(key: string, value: Uint8Array | undefined): boolean {
    const before = this.#durable.get(key)
    for (const records of [this.#memory, this.#durable]) {
      if (value === undefined) records.delete(key)
      else records.set(key, value)
    }
    return before !== value
  }

  #keep(count: number): void {
    for (const write of this.#unsynced.splice(0, count)) {
      this.#replaced.push(new Map([...write.removes, ...write.puts.map(([key]) => key)].map(key => [key, this.#durable.get(key)])))
      if (this.#replaced.length > remembered) this.#replaced.shift()
      apply(this.#durable, write)
      this.#listener(write)
    }
  }
}

function apply(records: Map<string, Uint8Array>, { removes, puts }: Write): void {
  for (const key of removes) records.delete(key)
  for (const [key, value] of puts) records.set(key, value)
}
