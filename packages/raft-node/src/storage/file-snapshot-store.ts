import type { Index, Position } from 'raft-core'
import { RaftError, reasonOf } from '../errors.ts'
import type { SnapshotHead, SnapshotMeta, SnapshotStore } from '../ports.ts'
import type { Files, OpenFile } from './files.ts'
import { chunkRecordBytes, readSnapshotData, readSnapshotMeta, writeSnapshot } from './snapshot-file.ts'

const ending = '.snap'
const temporaryEnding = '.tmp'

/**
 * One file per snapshot. Written under a temporary name, synced, renamed, and the folder synced: under its own name a file is whole.
 * The log store of the same data folder is opened before anything is asked here: its lock guards this folder too.
 */
export class FileSnapshotStore implements SnapshotStore {
  readonly #files: Files
  readonly #folder: string
  readonly #onBad: (path: string, error: RaftError) => void
  readonly #writing = new Set<string>()
  /** Those whose data could not be read when somebody wanted them: nobody can fall back on one. */
  readonly #damaged = new Set<string>()
  #written = 0
  /** Whether all names that were found are durable. */
  #synced = false

  /** `onBad` hears of files that look like snapshots and fail their check; they are left where they are. */
  constructor({ files, folder, onBad }: { files: Files; folder: string; onBad?: ((path: string, error: RaftError) => void) | undefined }) {
    this.#files = files
    this.#folder = folder
    this.#onBad = onBad ?? (() => {})
  }

  async list(): Promise<readonly SnapshotMeta[]> {
    try {
      return await this.#list()
    } catch (cause) {
      const help = 'Look at the disk, and at how many files the process may open; then start the node again.'
      throw new RaftError('FOLDER_UNUSABLE', `${this.#folder} cannot be read: ${reasonOf(cause)}. ${help}`, { cause })
    }
  }

  async #list(): Promise<readonly SnapshotMeta[]> {
    const metas: SnapshotMeta[] = []
    const names = await this.#files.list(this.#folder)
    // A process that was killed may have renamed one and not come to sync the folder: a node that starts the log after that snapshot
    // must not lose it in a power cut.
    if (names.length > 0 && !this.#synced) await this.#files.syncFolder(this.#folder)
    this.#synced = true
    for (const name of names) {
      if (name.endsWith(temporaryEnding)) await this.#removeLeftOver(name)
      if (!name.endsWith(ending)) continue
      const meta = await this.#readMeta(name)
      if (meta !== undefined) metas.push(meta)
    }
    return metas.sort((a, b) => b.index - a.index || b.term - a.term)
  }

  async #removeLeftOver(name: string): Promise<void> {
    if (!this.#writing.has(name)) await this.#files.remove(`${this.#folder}/${name}`)
  }

  async #readMeta(name: string): Promise<SnapshotMeta | undefined> {
    const path = `${this.#folder}/${name}`
    try {
      const file = await this.#files.open(path)
      return file && (await closing(file, () => metaOf(file, name)))
    } catch (error) {
      const damage = damageIn(error)
      if (damage === undefined) throw error
      this.#onBad(path, named(path, damage))
      return undefined
    }
  }

  async write(meta: SnapshotHead | SnapshotMeta, data: AsyncIterable<Uint8Array>): Promise<SnapshotMeta> {
    const name = nameOf(meta)
    const temporary = `${name}.${++this.#written}${temporaryEnding}`
    const path = `${this.#folder}/${temporary}`
    this.#writing.add(temporary)
    try {
      await this.#disk(() => this.#files.makeFolder(this.#folder))
      const whole = await this.#writeFile(path, meta, data)
      await this.#disk(async () => {
        await this.#files.rename(path, `${this.#folder}/${name}`)
        await this.#files.syncFolder(this.#folder)
      })
      this.#damaged.delete(name)
      return whole
    } catch (error) {
      await this.#files.remove(path).catch(() => {}) // `list` removes it the next time
      throw error
    } finally {
      this.#writing.delete(temporary)
    }
  }

  /** What the data's own source throws goes to the caller as it is. */
  async #writeFile(path: string, meta: SnapshotHead | SnapshotMeta, data: AsyncIterable<Uint8Array>): Promise<SnapshotMeta> {
    const file = this.#reporting(await this.#disk(() => this.#files.create(path)))
    try {
      const whole = await writeSnapshot(file, meta, data)
      await file.sync()
      return whole
    } finally {
      await file.close()
    }
  }

  async *read(meta: SnapshotMeta, from = 0, { lent = false } = {}): AsyncGenerator<Uint8Array> {
    const name = nameOf(meta)
    const path = `${this.#folder}/${name}`
    const file = await this.#files.open(path)
    if (file === undefined) throw new RaftError('CORRUPT', `${path} is gone`)
    try {
      yield* readSnapshotData(file, from, lent ? new Uint8Array(chunkRecordBytes) : undefined)
      if (from === 0) this.#damaged.delete(name)
    } catch (error) {
      if (damageIn(error) !== undefined) this.#damaged.add(name)
      throw error instanceof RaftError ? named(path, error) : error
    } finally {
      await file.close()
    }
  }

  async keep(count: number, upTo: Index = Number.POSITIVE_INFINITY): Promise<void> {
    const counted = (await this.list()).filter(({ index }) => index <= upTo).map(nameOf)
    let left = count
    for (const name of counted) {
      if (left === 0) await this.#files.remove(`${this.#folder}/${name}`)
      else if (!this.#damaged.has(name)) left -= 1
    }
  }

  #reporting(file: OpenFile): OpenFile {
    return {
      readAt: (offset, length, memory) => this.#disk(() => file.readAt(offset, length, memory)),
      writeAt: (offset, bytes) => this.#disk(() => file.writeAt(offset, bytes)),
      size: () => this.#disk(() => file.size()),
      truncate: size => this.#disk(() => file.truncate(size)),
      sync: () => this.#disk(() => file.sync()),
      close: () => this.#disk(() => file.close()),
    }
  }

  async #disk<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause)
      throw new RaftError('STORAGE_FAILED', `no snapshot could be written to ${this.#folder}: ${what}. Look at the disk (is it full?).`, {
        cause,
      })
    }
  }
}

async function metaOf(file: OpenFile, name: string): Promise<SnapshotMeta> {
  const meta = await readSnapshotMeta(file)
  if (nameOf(meta) === name) return meta
  throw new RaftError('CORRUPT', `it holds the snapshot at index ${meta.index}, term ${meta.term}`)
}

async function closing<T>(file: OpenFile, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } finally {
    await file.close()
  }
}

/** Undefined where the file may be whole: a process that may open no more files says nothing of it. */
function damageIn(error: unknown): RaftError | undefined {
  if (error instanceof RaftError) return error
  return (error as NodeJS.ErrnoException).code === 'EIO' ? new RaftError('CORRUPT', reasonOf(error), { cause: error }) : undefined
}

/** Padded, so that the order of the names is the order of the snapshots. */
function nameOf({ index, term }: Position): string {
  return `${String(index).padStart(16, '0')}-${String(term).padStart(16, '0')}${ending}`
}

function named(path: string, error: RaftError): RaftError {
  return new RaftError(error.code, `${path} is not a usable snapshot: ${error.message}`, { cause: error })
}
