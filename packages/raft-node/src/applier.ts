import { nextTick } from 'node:process'
import type { CommandEntry, Entry, Index, Position, Raft } from 'raft-core'
import { invariantBroken, RaftError, reasonOf } from './errors.ts'
import { infosIn } from './member-info.ts'
import type { Members } from './members.ts'
import type { EntryOutcome } from './pending.ts'
import type { Clock, SnapshotMeta, SnapshotStore, Timer } from './ports.ts'
import type { ReplicatedState } from './replicated-state.ts'
import { watched } from './restoring.ts'

/** Told what became part of the state, in order. */
export type ApplyListener<Result> = {
  entry(entry: Entry, outcome: EntryOutcome<Result>): void
  membership(): void
  installed(meta: SnapshotMeta): void
  /** After each batch, once the core knows it too. */
  applied(index: Index): void
  failed(error: RaftError): void
}

type Parts<Result> = {
  readonly clock: Clock
  readonly state: ReplicatedState<Result>
  readonly snapshotStore: SnapshotStore
  readonly members: Members
}

/** So long may the event loop be kept from its sockets by one batch. */
const sliceMs = 5

/**
 * Feeds the state machine: committed entries one after the other, each once. A received snapshot replaces the state; entries that
 * follow wait until it has.
 */
export class Applier<Result> {
  readonly #raft: Raft
  readonly #parts: Parts<Result>
  readonly #listener: ApplyListener<Result>
  readonly #waiting: Entry[] = []
  #applied: Position
  #restoring: SnapshotMeta | undefined
  /** A client's state is being put in the place of this one. */
  #replacing = false
  /** While the rest waits for a later turn. */
  #pause: Timer | undefined
  #stopped = false

  constructor(raft: Raft, restored: Position, parts: Parts<Result>, listener: ApplyListener<Result>) {
    this.#raft = raft
    this.#applied = restored
    this.#parts = parts
    this.#listener = listener
  }

  /** What the state machine holds now. */
  get applied(): Position {
    return this.#applied
  }

  get restoring(): boolean {
    return this.#restoring !== undefined || this.#replacing
  }

  /** `isUrgent`: at once; else when all is done that can be done without waiting: a save that begins in this turn is with the disk by then. */
  take(entries: readonly Entry[], isUrgent = true): void {
    for (const entry of entries) this.#waiting.push(entry)
    if (isUrgent) this.#work()
    else queueMicrotask(() => nextTick(() => this.#work()))
  }

  /** The log starts after this snapshot now, so what waits before it will not be applied one by one. */
  install(meta: SnapshotMeta): void {
    const rest = this.#waiting.findIndex(entry => entry.index > meta.index)
    this.#waiting.splice(0, rest < 0 ? this.#waiting.length : rest)
    const idle = this.#restoring === undefined
    this.#restoring = meta
    if (idle && !this.#replacing) void this.#restore()
  }

  stop(): void {
    this.#stopped = true
    this.#pause?.cancel()
  }

  #work(): void {
    try {
      this.#applyWaiting()
    } catch (cause) {
      this.#stopped = true
      this.#listener.failed(cause instanceof RaftError ? cause : invariantBroken(cause))
    }
  }

  #applyWaiting(): void {
    if (this.#stopped || this.#pause !== undefined || this.restoring || this.#waiting.length === 0) return
    const { state } = this.#parts
    if (state.isRestore(this.#waiting[0] as Entry)) return void this.#replace()
    const { clock } = this.#parts
    const until = clock.now() + sliceMs
    let done = 0
    while (done < this.#waiting.length && !state.isRestore(this.#waiting[done] as Entry)) {
      done += this.#applyAt(done)
      if (done < this.#waiting.length && clock.now() > until) break
    }
    this.#waiting.splice(0, done)
    this.#raft.appliedTo(this.#applied.index)
    this.#listener.applied(this.#applied.index)
    if (this.#waiting.length > 0) this.#continueLater()
  }

  /** The rest in a later turn: sockets and timers come first. */
  #continueLater(): void {
    this.#pause = this.#parts.clock.after(0, () => {
      this.#pause = undefined
      this.#work()
    })
  }

  /** One entry, or as many as the state machine takes at once; returns how many. */
  #applyAt(at: number): number {
    const { state } = this.#parts
    const batch = state.batchFrom(this.#waiting, at)
    if (batch.length < 2) {
      const entry = this.#waiting[at] as Entry
      this.#settle(entry, this.#outcomeOf(entry))
      return 1
    }
    for (const [place, outcome] of state.applyBatch(batch).entries()) this.#settle(this.#waiting[at + place] as Entry, outcome)
    return batch.length
  }

  #settle(entry: Entry, outcome: EntryOutcome<Result>): void {
    this.#applied = { term: entry.term, index: entry.index }
    this.#listener.entry(entry, outcome)
  }

  #outcomeOf(entry: Entry): EntryOutcome<Result> {
    if (entry.type === 'membership') {
      // One at a time and not with the batch: a snapshot or a caller in between must see the membership of exactly this index.
      const membership = this.#raft.applyMembership(entry)
      this.#parts.members.change(membership, this.#raft.status().membershipIndex, infosIn(entry.change))
      this.#parts.state.membershipChanged(this.#parts.members)
      this.#listener.membership()
    }
    return entry.type === 'command' ? this.#parts.state.apply(entry) : (nothing as EntryOutcome<Result>)
  }

  /** The first entry that waits is the end of a client's restore. A snapshot that a leader sends meanwhile is put in after it. */
  async #replace(): Promise<void> {
    const entry = this.#waiting[0] as CommandEntry
    this.#replacing = true
    try {
      const outcome = await this.#parts.state.replace(entry, this.#parts.members)
      if (this.#stopped) return
      this.#replacing = false
      if (this.#restoring !== undefined) return void this.#restore()
      this.#waiting.shift()
      this.#settle(entry, outcome)
      this.#raft.appliedTo(entry.index)
      this.#listener.applied(entry.index)
    } catch (cause) {
      this.#stopped = true
      return this.#listener.failed(cause instanceof RaftError ? cause : invariantBroken(cause))
    }
    this.#work()
  }

  async #restore(): Promise<void> {
    while (this.#restoring !== undefined && !this.#stopped) {
      const meta = this.#restoring
      try {
        await this.#restoreFrom(meta)
      } catch (cause) {
        this.#stopped = true
        return this.#listener.failed(
          new RaftError('STORAGE_FAILED', `snapshot ${meta.index} cannot be restored: ${reasonOf(cause)}`, { cause }),
        )
      }
      if (this.#stopped) return
      if (this.#restoring === meta) this.#installed(meta)
    }
  }

  async #restoreFrom(meta: SnapshotMeta): Promise<void> {
    const source = watched(this.#parts.snapshotStore.read(meta))
    await this.#parts.state.restore(meta, source.data)
    if (source.failure !== undefined) throw source.failure // the state machine has made do with what came before
  }

  #installed(meta: SnapshotMeta): void {
    this.#restoring = undefined
    this.#applied = { term: meta.term, index: meta.index }
    this.#parts.members.restore(meta)
    this.#raft.appliedTo(meta.index)
    this.#listener.installed(meta)
    this.#listener.applied(meta.index)
    this.#work()
  }
}

/** Entries that are no commands have no result; nobody who waits for one reads it. */
const nothing = { result: undefined }
