import { type Entry, type Index, payloadBytes, type Raft } from 'raft-core'
import type { Applier } from './applier.ts'
import { RaftError, reasonOf } from './errors.ts'
import type { Members } from './members.ts'
import type { Clock, LogStore, SnapshotMeta, SnapshotStore } from './ports.ts'
import type { ReplicatedState } from './replicated-state.ts'
import type { Settings } from './settings.ts'
import type { Wait } from './wait.ts'
import { withPauses } from './with-pauses.ts'

type Parts = {
  readonly clock: Clock
  readonly raft: Raft
  readonly applier: Applier<unknown>
  readonly members: Members
  readonly state: ReplicatedState<unknown>
  readonly logStore: LogStore
  readonly snapshotStore: SnapshotStore
  readonly settings: Settings
  /** Beside the reserve: snapshots can wait. */
  readonly hasRoomFor: (bytes: number) => boolean
}

export type SnapshotterEvents = {
  /** One of our own is to be written: what is being written, and cannot go on, should end. */
  begins(): void
  taken(index: Index): void
  /** One that was due could not be taken, or older ones not be removed. */
  missed(reason: string): void
  failed(error: RaftError): void
}

/** What a snapshot of this size takes to write does not count: below it, only entries do. */
const cheapBytes = 1024 * 1024
/** A state that is not cheap is not written again for a log that weighs less: a start reads it in some tenths of a second. */
const shortLogBytes = 8 * 1024 * 1024
/** What an entry weighs beside its payload. */
const entryBytes = 128

/** The older one is for the day when the newest cannot be read. */
const kept = 2

/**
 * Decides when to take a snapshot, takes it in the background and then shortens the log. Writes go on meanwhile: the state machine
 * hands out a frozen view, and only reading that takes time.
 */
export class Snapshotter {
  readonly #parts: Parts
  readonly #on: SnapshotterEvents
  /** The newest on disk, and the one before it. */
  #newest: Index
  #previous: Index = 0
  /** Bytes of state in the newest. */
  #size: number
  /** Of the one that is being written. */
  #written = 0
  #entries = 0
  #bytes = 0
  #running: Promise<Index> | undefined
  #files: Promise<unknown> = Promise.resolve()
  readonly #callers = new Set<Wait<Index>>()
  #stopped = false

  constructor(parts: Parts, newest: { readonly index: Index; readonly size: number }, on: SnapshotterEvents) {
    this.#parts = parts
    this.#newest = newest.index
    this.#size = newest.size
    this.#on = on
  }

  get newest(): Index {
    return this.#newest
  }

  /** Bytes of data in the newest. */
  get size(): number {
    return this.#size
  }

  /** Undefined: none is being written. */
  get writtenBytes(): number | undefined {
    return this.#running === undefined ? undefined : this.#written
  }

  /** Counts an applied entry towards the next snapshot. */
  count(entry: Entry): void {
    this.#entries += 1
    this.#bytes += payloadBytes(entry)
  }

  /** Takes one if enough has been applied since the last. */
  maybeTake(): void {
    if (!this.#isDue()) return
    if (this.#running !== undefined || this.#stopped || this.#parts.applier.restoring || !this.#hasRoom) return
    // A snapshot that fails costs room, not safety: the log is kept, and whoever watches the node is told.
    this.take().catch(error => {
      const comesLater = this.#stopped || (error instanceof RaftError && error.code === 'OVERLOADED')
      if (!comesLater) this.#on.missed(reasonOf(error))
    })
  }

  /**
   * After so many bytes in any case, since they lie in memory. Earlier, after so many entries, only once the log weighs as much as the
   * last snapshot did, and more than a start reads in a moment: else a large state would be written again and again for a few commands
   * each time (thesis §5.1.2).
   */
  #isDue(): boolean {
    const { snapshotEntries, snapshotBytes } = this.#parts.settings
    if (this.#bytes >= snapshotBytes) return true
    return this.#entries >= snapshotEntries && (this.#size < cheapBytes || this.#weight >= Math.max(this.#size, shortLogBytes))
  }

  get #weight(): number {
    return this.#bytes + entryBytes * this.#entries
  }

  /** For the state as far as its size is known: what was written since the last may have made it larger. */
  get #hasRoom(): boolean {
    return this.#parts.hasRoomFor(this.#size + this.#bytes)
  }

  /** Takes a snapshot of the state as it is now; resolves with its index once it is durable and the log is shortened. */
  take(): Promise<Index> {
    // Also for who waited for the one before: what closes would wait for one more, and then another.
    if (this.#stopped) return Promise.reject(stopped())
    if (this.#running !== undefined) return this.#running.then(index => (index >= this.#parts.applier.applied.index ? index : this.take()))
    if (this.#parts.applier.applied.index === this.#newest) return Promise.resolve(this.#newest)
    if (!this.#hasRoom) return Promise.reject(new RaftError('DISK_FULL', 'the disk has no room for a snapshot: make room there'))
    this.#running = this.#take().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** As `take`, for a caller who hears of it when the node stops, also from a disk that hangs. */
  takeFor(wait: Wait<Index>): void {
    this.#callers.add(wait)
    const taken = this.take().finally(() => this.#callers.delete(wait))
    taken.then(
      index => wait.resolve(index),
      error => wait.reject(error),
    )
  }

  /** A snapshot from the leader. Never written at the same time as one of our own. */
  async receive(meta: SnapshotMeta, data: AsyncIterable<Uint8Array>): Promise<SnapshotMeta> {
    if (!this.#parts.hasRoomFor(meta.size)) throw new RaftError('DISK_FULL', `the disk has no room for a snapshot of ${meta.size} bytes`)
    return this.#alone(() => this.#parts.snapshotStore.write(meta, this.#untilStopped(data)))
  }

  /** A received snapshot became the state: older ones and the log before it are gone. */
  installed(meta: SnapshotMeta): void {
    this.#newest = meta.index
    this.#size = meta.size
    this.#previous = 0
    this.#entries = 0
    this.#bytes = 0
    void this.#tidy()
  }

  /** Ends what is being written; resolves once nothing is. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const wait of this.#callers) wait.reject(stopped())
    await this.#files.catch(() => {})
  }

  async #take(): Promise<Index> {
    const { clock, applier, members, state, logStore, snapshotStore, raft } = this.#parts
    // The core is ahead of the state machine: a snapshot from the leader is under way to it.
    if (applier.restoring || raft.status().first > applier.applied.index + 1)
      throw new RaftError('OVERLOADED', 'a snapshot from the leader is just being installed: try again')
    if (state.machineAt > applier.applied.index)
      throw new RaftError('OVERLOADED', 'the log is still being filled up to where the state machine is: try again')
    const position = applier.applied
    const chain = logStore.chainAt(position.index)
    if (chain === undefined) throw new RaftError('STORAGE_FAILED', `the log holds no chain hash at ${position.index}`)
    const { membership, membershipIndex } = members
    // Also where it fails: the next one is due after as much again, and not with the next entry.
    this.#entries = 0
    this.#bytes = 0
    this.#written = 0
    const view = state.snapshot()
    const meta = { ...position, membership, membershipIndex, members: members.all(), chain, hasNodePart: true }
    this.#on.begins()
    const write = () => snapshotStore.write(meta, this.#untilStopped(withPauses(view, clock)))
    const { size } = await this.#alone(write).catch(async error => {
      await view.return?.() // it may have failed before it has read anything
      throw error
    })
    // A snapshot from the leader may have overtaken this one while it was written.
    if (this.#stopped || this.#newest >= position.index) return this.#newest
    this.#previous = this.#newest
    this.#newest = position.index
    this.#size = size
    raft.snapshotTaken({ ...position, membership, data: nothing })
    this.#on.taken(position.index)
    await this.#shorten()
    return position.index
  }

  /** Memory keeps what followers a little behind may need; the disk also what the older snapshot needs, if the newest cannot be read. */
  async #shorten(): Promise<void> {
    const { raft, logStore, settings } = this.#parts
    const upTo = this.#newest - settings.trailingEntries
    const onDisk = Math.min(upTo, this.#previous)
    if (upTo >= raft.status().first) raft.compact(upTo)
    await this.#tidy()
    if (onDisk > 0) await logStore.compact(onDisk).catch(error => this.#logFailed(error))
  }

  /** What came from the leader since is not the node's yet, and may never be: it counts for nothing, or the one that the log follows would go. */
  async #tidy(): Promise<void> {
    try {
      await this.#alone(() => this.#parts.snapshotStore.keep(kept, this.#newest))
    } catch (error) {
      // It costs room, not safety: the next one tidies up, too.
      if (!this.#stopped) this.#on.missed(`old snapshots could not be removed: ${reasonOf(error)}`)
    }
  }

  #logFailed(cause: unknown): void {
    if (this.#stopped) return
    this.#on.failed(new RaftError('STORAGE_FAILED', `the log cannot be shortened, so this node stops: ${reasonOf(cause)}`, { cause }))
  }

  #alone<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#files.then(run, run)
    this.#files = result
    result.catch(() => {}) // whoever asked hears of it; the next in line only waits for its end
    return result
  }

  /** Closing does not wait for a long snapshot: the writer finds the data broken off and removes what it has. */
  async *#untilStopped(data: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of data) {
      if (this.#stopped) throw stopped()
      if (!this.#parts.hasRoomFor(0)) throw new RaftError('DISK_FULL', 'the disk has no room for the rest of the snapshot')
      this.#written += chunk.length
      yield chunk
    }
  }
}

function stopped(): RaftError {
  return new RaftError('NODE_STOPPED', 'the node closes')
}

/** The data travels beside the core's message, read from the newest file. */
const nothing = new Uint8Array(0)
