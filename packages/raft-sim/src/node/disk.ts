import { RaftError } from 'raft-node'
import type { Batches, Files, KeyRange, KeyValue, OpenFile } from 'raft-node/level'
import { reserveName } from 'raft-node/level'
import type { Random } from '../random.ts'
import type { Schedule } from '../world/schedule.ts'
import type { Write } from './database.ts'
import { Database } from './database.ts'
import type { FileBytes } from './file-tree.ts'
import { FileTree } from './file-tree.ts'
import type { Process } from './process.ts'

/** The one folder that a node has here. */
export const dataFolder = '/data'
export const walFolder = `${dataFolder}/wal`

/** How long the next operation takes, in milliseconds. */
type DiskTimes = {
  /** On what the kernel keeps in memory. */
  cached(): number
  /** Until the platter has it. */
  sync(): number
}

/** What a backup of the whole folder holds. */
export type DiskContents = { readonly files: FileTree; readonly records: Write['puts'] }

export type DiskOptions = {
  /** What lies on it from the beginning. Default: nothing. */
  readonly contents?: DiskContents | undefined
  readonly schedule: Schedule
  readonly random: Random
  readonly times: DiskTimes
  /** An operation has ended. */
  readonly done: (what: string, process: Process) => void
}

type Operation = { readonly process: Process; readonly what: string; readonly act: () => void }

/**
 * The disk of one machine: files, and a database above whose own files nothing is simulated. Every operation takes time, has its effect
 * at its end, and may or may not have had it when a crash comes before.
 */
export class Disk {
  readonly files: FileTree
  readonly database: Database
  /** Something on it is not what was written, and nobody has been told. */
  isDamaged = false
  /** Hears what of the database survives a power cut from now on. */
  keeping: (write: Write) => void = () => {}
  /** Told when bytes of files may have become durable. */
  synced: () => void = () => {}
  /** Bytes that files may still take. */
  room = Number.POSITIVE_INFINITY
  /** The next write or sync fails, once. */
  failsNext: 'write' | 'sync' | undefined
  /** Has failed something since the process that is on now began. */
  hasFailed = false
  readonly #options: DiskOptions
  #lockedBy: Process | undefined
  /** What is under way: on files in any order, in the database one after the other. */
  #onFiles = new Set<Operation>()
  #inDatabase: Operation[] = []
  #databaseFreeAt = 0

  constructor(options: DiskOptions) {
    this.#options = options
    this.database = new Database(write => this.keeping(write))
    this.files = options.contents?.files.copy() ?? new FileTree()
    this.database.write({ removes: [], puts: options.contents?.records ?? [], sync: true })
  }

  copy(): DiskContents {
    return { files: this.files.copy(), records: this.database.records() }
  }

  /** Operations that this process waits for. */
  pendingOf(process: Process): number {
    return [...this.#onFiles, ...this.#inDatabase].filter(operation => operation.process === process).length
  }

  /** Bytes that a node could give up. */
  get reserved(): number {
    return this.files.file(`${dataFolder}/${reserveName}`)?.size ?? 0
  }

  /** Whether a power cut now could lose a batch of the log. */
  get hasUnsynced(): boolean {
    return (
      this.database.unsynced > 0 || this.files.list(walFolder).some(name => this.files.file(`${walFolder}/${name}`)?.isDurable === false)
    )
  }

  /** The process is gone; the kernel, and what it holds in memory, is not. */
  processDied(process: Process): void {
    this.#endPending()
    if (this.#lockedBy === process) this.#lockedBy = undefined
  }
  powerCut(): void {
    this.#endPending()
    this.#lockedBy = undefined
    const { taken } = this.files
    this.files.powerCut(this.#options.random)
    // What is lost leaves its place behind, and what was removed in vain takes its own again.
    this.room = Math.max(0, this.room + taken - this.files.taken)
    this.database.powerCut(this.#options.random)
    this.synced()
  }

  /** Of the operations under way the database has done the first few, in order; on files any may be done. */
  #endPending(): void {
    const { random } = this.#options
    const inDatabase = this.#inDatabase.slice(0, random.below(this.#inDatabase.length + 1))
    const onFiles = [...this.#onFiles].filter(() => random.chance(0.5))
    this.#inDatabase = []
    this.#onFiles = new Set()
    this.#databaseFreeAt = 0
    for (const { act } of [...inDatabase, ...onFiles]) act()
  }

  filesFor(process: Process): Files {
    const { times } = this.#options
    const tree = this.files
    const cached = <T>(what: string, act: () => T) => this.#onFile(process, times.cached(), what, act)
    const synced = (what: string, act: () => void) => this.#onFile(process, times.sync(), what, act)
    const opened = (path: string, file: FileBytes): OpenFile => ({
      readAt: (offset, length, memory) =>
        cached(`read ${path}`, () => {
          const bytes = file.readAt(offset, length)
          memory?.set(bytes)
          return memory?.subarray(0, bytes.length) ?? bytes
        }),
      writeAt: (offset, bytes) => {
        const taken = bytes.slice()
        return cached(`write ${path}`, () => this.#write(file, offset, taken))
      },
      size: () => cached(`size of ${path}`, () => file.size),
      truncate: size =>
        cached(`truncate ${path}`, () => {
          const { taken } = file
          file.truncate(size)
          this.room += taken - file.taken
        }),
      sync: () =>
        synced(`sync ${path}`, () => {
          if (this.#fails('sync')) {
            file.failSync(this.#options.random)
            throw ioError('fdatasync')
          }
          file.sync()
          this.synced()
        }),
      close: async () => {},
    })
    return {
      open: path =>
        cached(`open ${path}`, () => {
          const file = tree.file(path)
          return file && opened(path, file)
        }),
      create: path => cached(`create ${path}`, () => opened(path, tree.create(path))),
      rename: (from, to) => cached(`rename ${from} to ${to}`, () => tree.rename(from, to)),
      remove: path =>
        cached(`remove ${path}`, () => {
          this.room += tree.file(path)?.taken ?? 0
          tree.remove(path)
        }),
      list: folder => cached(`list ${folder}`, () => tree.list(folder)),
      makeFolder: folder => cached(`make ${folder}`, () => tree.makeFolder(folder)),
      syncFolder: folder => synced(`sync ${folder}`, () => tree.syncFolder(folder)),
      freeBytes: folder => cached(`room in ${folder}`, () => this.room),
      lock: folder =>
        cached(`lock ${folder}`, () => {
          tree.makeFolder(folder)
          this.#lock(process)
          return { release: () => cached(`release ${folder}`, () => this.#release(process)) }
        }),
    }
  }

  /** What finds no room, or fails, has been written in part. */
  #write(file: FileBytes, offset: number, bytes: Uint8Array): void {
    const growth = Math.max(0, offset + bytes.length - file.taken)
    const fails = this.#fails('write')
    if (growth <= this.room && !fails) {
      this.room -= growth
      return file.writeAt(offset, bytes)
    }
    const done = fails ? this.#options.random.below(bytes.length + 1) : bytes.length - growth + this.room
    if (done > 0 && growth <= this.room + bytes.length) {
      this.room -= Math.max(0, offset + done - file.taken)
      file.writeAt(offset, bytes.subarray(0, done))
    }
    throw fails ? ioError('write') : this.#noSpace()
  }

  #fails(what: 'write' | 'sync'): boolean {
    if (this.failsNext !== what) return false
    this.failsNext = undefined
    this.hasFailed = true
    return true
  }
  #noSpace(): Error {
    return Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  }

  /** As LevelDB: what fails may be in its log or not, and nothing is written any more until it is opened again. */
  #writeBatch(write: Write): void {
    const growth = this.database.growth(write)
    if (growth > this.room) throw this.#noSpace()
    if (this.#fails('write') || (write.sync && this.#fails('sync'))) {
      if (this.#options.random.chance(0.5)) this.database.write({ ...write, sync: false })
      throw ioError('fdatasync')
    }
    this.room -= growth
    this.database.write(write)
  }

  batchesFor(process: Process): Batches {
    const { times, random } = this.#options
    const { database } = this
    let isOpen = false
    let failure: { readonly error: unknown } | undefined
    const write = (batch: Write) => {
      if (failure !== undefined) throw failure.error
      try {
        this.#writeBatch(batch)
      } catch (error) {
        failure = { error }
        throw error
      }
    }
    const requireOpen = () => {
      if (!isOpen) throw new Error('the database is not open')
    }
    const queued = <T>(delayMs: number, what: string, act: () => T) => this.#queued(process, delayMs, what, act)
    return {
      open: () =>
        queued(times.sync(), 'open the database', () => {
          this.#lock(process)
          isOpen = true
          failure = undefined
          database.reopen()
        }),
      reset: () =>
        queued(times.sync(), 'empty the database', () => {
          this.#lockedBy = process
          isOpen = true
          failure = undefined
          database.write({ removes: database.keys('', '\uffff'), puts: [], sync: true })
        }),
      write: async ({ puts, removes, sync }) => {
        requireOpen()
        const batch: Write = { puts: puts.map(([key, value]) => [textOf(key), value.slice()]), removes: removes.map(textOf), sync }
        await queued(sync ? times.sync() : times.cached(), sync ? 'save' : 'write', () => write(batch))
      },
      removeRange: async range => {
        requireOpen()
        const keys = database.keys(textOf(range.from), textOf(range.to))
        const half = random.below(keys.length + 1)
        for (const removes of [keys.slice(0, half), keys.slice(half)]) {
          if (removes.length > 0) await queued(times.cached(), 'remove', () => write({ removes, puts: [], sync: false }))
        }
      },
      read: range => this.#read(process, range),
      close: async () => {
        if (!isOpen) return
        isOpen = false
        await queued(times.cached(), 'close the database', () => this.#release(process))
      },
    }
  }

  /** One for all of the disk: it holds one data folder. */
  #lock(process: Process): void {
    if (this.#lockedBy !== undefined && this.#lockedBy !== process) throw new RaftError('FOLDER_IN_USE', 'another process has the folder')
    this.#lockedBy = process
  }
  #release(process: Process): void {
    if (this.#lockedBy === process) this.#lockedBy = undefined
  }

  async *#read(process: Process, range: KeyRange): AsyncGenerator<readonly KeyValue[]> {
    const { times, random } = this.#options
    const keys = this.database.keys(textOf(range.from), textOf(range.to))
    while (keys.length > 0) {
      const page = keys.splice(0, random.between(1, 50))
      yield await this.#onFile(process, times.cached(), 'read the database', () =>
        page.flatMap(key => {
          const value = this.database.get(key)
          return value === undefined ? [] : [[bytesOf(key), value.slice()] as const]
        }),
      )
    }
  }

  #onFile<T>(process: Process, delayMs: number, what: string, act: () => T): Promise<T> {
    return this.#operation(process, what, act, operation => {
      this.#onFiles.add(operation)
      this.#options.schedule.after(delayMs, () => {
        if (this.#onFiles.delete(operation)) this.#end(operation)
      })
    })
  }

  /** One after the other, as a single writer does them. */
  #queued<T>(process: Process, delayMs: number, what: string, act: () => T): Promise<T> {
    const { schedule } = this.#options
    return this.#operation(process, what, act, operation => {
      const queue = this.#inDatabase
      queue.push(operation)
      this.#databaseFreeAt = Math.max(this.#databaseFreeAt, schedule.now) + delayMs
      schedule.after(this.#databaseFreeAt - schedule.now, () => {
        const first = queue === this.#inDatabase ? queue.shift() : undefined
        if (first !== undefined) this.#end(first)
      })
    })
  }

  #end(operation: Operation): void {
    this.#options.done(operation.what, operation.process)
    operation.act()
  }

  /** The effect comes first; then, once it is awake, the process hears of it. */
  #operation<T>(process: Process, what: string, act: () => T, begin: (operation: Operation) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!process.isAlive) return reject(new Error('the process is gone'))
      begin({
        process,
        what,
        act() {
          try {
            const result = act()
            process.enter(() => resolve(result))
          } catch (error) {
            process.enter(() => reject(error))
          }
        },
      })
    })
  }
}

function ioError(call: string): Error {
  return Object.assign(new Error(`EIO: i/o error, ${call}`), { code: 'EIO' })
}

/** Whether an operation by this name makes a batch of the log durable. */
export function isSave(what: string): boolean {
  return what === 'save' || what.startsWith(`sync ${walFolder}/`)
}

/** Keys as text of one character per byte: text compares as the bytes do. */
export function textOf(key: Uint8Array): string {
  return String.fromCharCode(...key)
}
function bytesOf(key: string): Uint8Array {
  return Uint8Array.from(key, character => character.charCodeAt(0))
}
