import type { Index, NodeId, Term } from 'raft-core'
import type { Clock, Identity, Timer } from '../ports.ts'
import { unboxed } from '../safe-integer.ts'
import type { Files, OpenFile } from './files.ts'
import { OneByOne } from './one-by-one.ts'
import { seal, unseal } from './sealed.ts'

/**
 * How far the log reaches and which vote was given: what a database that silently forgets (LevelDB after a flipped bit) is held against
 * when it is opened. It never runs ahead of the log.
 */
export type Mark = {
  readonly identity: Identity
  readonly term: Term
  readonly vote: NodeId | undefined
  /** The last entry that the log has on disk, and its chain hash. */
  readonly index: Index
  readonly chain: number
  /** A corrupt node that is filling its log again: it neither votes nor campaigns. Index and chain stay what they were before the damage. */
  readonly repairing: boolean
}

export type Copy = { readonly mark: Mark; readonly counter: number }

/** What was found on opening: the readable copies, newest first, and how many files are there that hold none. */
export type FoundMarks = { readonly copies: readonly Copy[]; readonly unreadable: number }

/** One sector, written by one `pwrite`: real disks write that whole or not at all, and should one not, there is the other copy. */
const copyBytes = 512
const syncWithinMs = 50

export const watermarkNames = ['watermark-a', 'watermark-b'] as const

/**
 * Two copies, each a file of its own. The copy in use is rewritten in place until it is synced; then the other is taken into use. So a
 * copy is only ever overwritten while the other is durable: a power cut can tear one, not both. (Taking turns at every write would
 * leave both unsynced for up to 50 ms, on all nodes of a room at once.)
 */
export class Watermark {
  readonly #files: Files
  readonly #folder: string
  readonly #paths: readonly [string, string]
  readonly #clock: Clock
  readonly #onFailure: (error: unknown) => void
  #handles: readonly OpenFile[] = []
  #inUse = 0
  #counter = 0
  #unsynced = false
  #timer: Timer | undefined
  #closes = false
  #failed = false
  /** The same memory for each write: one has ended before the next begins. */
  readonly #sector = new Uint8Array(copyBytes)
  readonly #steps = new OneByOne()

  /** `onFailure` hears of a sync that failed with nobody waiting for it. */
  constructor({ files, folder, clock, onFailure }: { files: Files; folder: string; clock: Clock; onFailure: (error: unknown) => void }) {
    this.#files = files
    this.#folder = folder
    this.#paths = [`${folder}/${watermarkNames[0]}`, `${folder}/${watermarkNames[1]}`]
    this.#clock = clock
    this.#onFailure = onFailure
  }

  /** Reads both copies. Changes nothing. */
  async find(): Promise<FoundMarks> {
    const found = [await readCopy(this.#files, this.#paths[0]), await readCopy(this.#files, this.#paths[1])] as const
    const copies = found.filter(copy => typeof copy === 'object').sort((a, b) => b.counter - a.counter)
    const newest = copies[0]
    this.#counter = newest?.counter ?? 0
    this.#inUse = newest !== undefined && newest === found[0] ? 1 : 0
    return { copies, unreadable: found.filter(copy => copy === 'unreadable').length }
  }

  /** Writes both copies, the staler one first: what was found may be unsynced, damaged or missing. Comes before the first `set`. */
  async begin(mark: Mark): Promise<void> {
    if (this.#handles.length < this.#paths.length) {
      for (const path of this.#paths.slice(this.#handles.length)) this.#handles = [...this.#handles, await this.#files.create(path)] // should one fail, `close` knows the other
      // The newer copy may be in memory only, left there by a process that crashed.
      await this.#handles[1 - this.#inUse]?.sync()
    }
    await this.set(mark, { sync: true })
    await this.#files.syncFolder(this.#folder)
    await this.set(mark, { sync: true })
  }

  /** Resolves once written, which outlives the process; with `sync` once it survives a power cut, else that follows within 50 ms, or with `close`. */
  set(mark: Mark, { sync }: { readonly sync: boolean }): Promise<void> {
    return this.#enqueue(async () => {
      await this.#handles[this.#inUse]?.writeAt(0, encodeCopy({ mark, counter: ++this.#counter }, this.#sector))
      this.#unsynced = true
      if (sync) await this.#sync()
      else if (!this.#closes) this.#timer ??= this.#clock.after(syncWithinMs, () => this.#syncLater())
    })
  }

  #syncLater(): void {
    this.#timer = undefined
    this.#enqueue(() => this.#sync()).catch(this.#onFailure)
  }

  async #sync(): Promise<void> {
    if (!this.#unsynced) return
    await this.#handles[this.#inUse]?.sync()
    this.#timer?.cancel()
    this.#timer = undefined
    this.#unsynced = false
    this.#inUse = 1 - this.#inUse
  }

  /** One step after the other: a write during a sync would leave open what the sync has covered. None after a failure: never retry. */
  #enqueue(step: () => Promise<void>): Promise<void> {
    const done = this.#steps.run(() => (this.#failed ? Promise.reject(new Error('an earlier write failed')) : step()))
    done.catch(() => {
      this.#failed = true
    })
    return done
  }

  /** What is not synced by now, and what is still to be written, `close` syncs: a disk that hangs leaves no timer behind. */
  stopWaiting(): void {
    this.#closes = true
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** After a failure `sync` is false: nothing is written any more. */
  async close({ sync }: { readonly sync: boolean }): Promise<void> {
    this.stopWaiting()
    try {
      if (sync) await this.#enqueue(() => this.#sync())
    } finally {
      await this.#steps.idle()
      await Promise.all(this.#handles.map(handle => handle.close()))
      this.#handles = []
    }
  }
}

/** Changes nothing. */
export async function readCopy(files: Files, path: string): Promise<Copy | 'absent' | 'unreadable'> {
  const file = await files.open(path)
  if (file === undefined) return 'absent'
  try {
    const bytes = await file.readAt(0, copyBytes)
    return decodeCopy(bytes) ?? (bytes.length === 0 ? 'absent' : 'unreadable') // made and never written: a crash in `begin`
  } finally {
    await file.close()
  }
}

function encodeCopy({ mark, counter }: Copy, sector: Uint8Array): Uint8Array {
  const { clusterId, nodeId, incarnation } = mark.identity
  return seal([counter, clusterId, nodeId, incarnation, mark.term, mark.vote ?? null, mark.index, mark.chain, mark.repairing], sector)
}

type Fields = [number, string, string, string, number, string | null, number, number, boolean]

function decodeCopy(bytes: Uint8Array): Copy | undefined {
  const fields = unseal(bytes)
  if (fields === undefined) return undefined
  const [counter, clusterId, nodeId, incarnation, term, vote, index, chain, repairing] = fields as Fields
  const identity = { clusterId, nodeId, incarnation }
  return { counter, mark: { identity, term: unboxed(term), vote: vote ?? undefined, index: unboxed(index), chain, repairing } }
}
