import type { Entry, Message, Raft, ReadState, Ready, Snapshot, SoftState } from 'raft-core'
import { invariantBroken, RaftError, reasonOf } from './errors.ts'
import type { Clock, LogBatch, LogStore, Timer } from './ports.ts'
import { SaveQueue } from './save-queue.ts'

/** Where the parts of a Ready go, besides the log. None of these may throw. */
export type Outputs = {
  softState(state: SoftState): void
  /** The node's own answers never come here. */
  send(message: Message): void
  /** A snapshot that goes into the log: where the log starts after it. */
  resetTo(snapshot: Snapshot): NonNullable<LogBatch['resetTo']>
  /** It is saved: the state machine must take it before anything else is applied. */
  install(snapshot: Snapshot): void
  /** `isUrgent` false: behind the save that begins in this turn. */
  apply(entries: readonly Entry[], isUrgent?: boolean): void
  reads(reads: readonly ReadState[]): void
  /** The log is whole again, and that is saved. */
  repaired(): void
  /** Asked for once before every Ready: what gathered elsewhere and belongs into it. */
  gathered(): void
  failed(error: RaftError): void
}

/**
 * Readys made while earlier ones are not saved yet. Each sends its messages at once and waits for the next save, which takes all that
 * wait: so under load many turns of proposals share one fsync, and a slow disk cannot pile up an endless queue. (`hurry` allows for a few
 * more.)
 */
const maxUnsaved = 8

/**
 * Performs what the core asks for. Inputs gather during one turn of the event loop; then Readys are made and done in the order of their
 * fields. Only synchronous methods of the core are called, and nothing of it is remembered across a wait.
 */
export class Driver {
  readonly #raft: Raft
  readonly #clock: Clock
  readonly #outputs: Outputs
  readonly #saves: SaveQueue<Ready>
  /** Readys whose entries are applied, and whose commit index is told to others, once they are saved. */
  readonly #waiting = new Set<Ready>()
  #scheduled: Timer | undefined
  /** The next Ready is made, however many wait. */
  #hurries = false
  #isWorking = false
  /** Woken while at work. */
  #worksOn = false
  #stopped = false

  constructor(raft: Raft, clock: Clock, logStore: LogStore, outputs: Outputs) {
    this.#raft = raft
    this.#clock = clock
    this.#outputs = outputs
    this.#saves = new SaveQueue(logStore, {
      saved: readys => this.#saved(readys),
      failed: error => this.#failed(error),
    })
  }

  /**
   * Something was put into the core: look for work once this turn's other inputs are in, too. What comes of the work itself (that entries
   * are applied, mostly) needs no turn of its own.
   */
  wake(): void {
    if (this.#isWorking) this.#worksOn = true
    if (this.#isWorking || this.#scheduled !== undefined || this.#stopped) return
    this.#scheduled = this.#clock.after(0, () => {
      this.#scheduled = undefined
      this.#work()
    })
  }

  /**
   * What the core says now cannot wait for a disk that hangs: one Ready is made whose messages leave, even beyond the limit. Whoever calls
   * this does so a bounded number of times for one save, so that the queue behind it stays bounded.
   */
  hurry(): void {
    this.#hurries = true
    this.wake()
  }

  /** How many steps of the core are not saved yet. */
  get unsaved(): number {
    return this.#saves.size
  }

  /** The number of the save under way, if there is one. */
  get currentSave(): number | undefined {
    return this.#saves.current
  }

  /** No more Readys. Resolves once the save in progress has ended; what waits behind it is dropped, as in a crash. */
  stop(): Promise<void> {
    this.#stopped = true
    this.#scheduled?.cancel()
    return this.#saves.stop()
  }

  #work(): void {
    if (this.#stopped) return
    this.#guarded(() => {
      do {
        this.#worksOn = false
        this.#outputs.gathered()
        while (!this.#stopped && this.#mayGoOn() && this.#raft.hasReady()) this.#perform(this.#raft.ready())
      } while (this.#worksOn && !this.#stopped)
    })
  }

  #mayGoOn(): boolean {
    return this.#hurries || this.#saves.size < maxUnsaved
  }

  #perform(ready: Ready): void {
    this.#hurries = false
    if (ready.softState !== undefined) this.#outputs.softState(ready.softState)
    if (this.#mustWait(ready)) {
      this.#waiting.add(ready)
      this.#send(ready.send.filter(message => !tellsCommit(message)))
    } else {
      this.#send(ready.send)
      // Made by an overlapping core: entries in `apply` are saved already, whatever else this Ready holds.
      // For what a follower saves its leader waits, and for what it applies mostly nobody does.
      if (ready.apply.length > 0) this.#outputs.apply(ready.apply, this.#raft.role === 'leader' || ready.entries.length === 0)
    }
    if (ready.reads.length > 0) this.#outputs.reads(ready.reads)
    this.#saves.add(ready, this.#batch(ready))
  }

  /**
   * A membership change takes effect, and whoever asked for it or is removed by it hears of it, only once its commit index is on disk: then
   * a machine may be switched off whose vote this node would need if it started with a commit index from before. What follows keeps its
   * place behind it.
   */
  #mustWait({ apply }: Ready): boolean {
    return this.#waiting.size > 0 || apply.some(isMembership)
  }

  #batch(ready: Ready): LogBatch | undefined {
    const { hardState, entries, snapshot, repaired, apply } = ready
    const mustSync = ready.mustSync || apply.some(isMembership)
    if (hardState === undefined && entries.length === 0 && snapshot === undefined && !mustSync) return undefined
    return { hardState, entries, mustSync, resetTo: snapshot && this.#outputs.resetTo(snapshot), ...(repaired && { repaired }) }
  }

  #saved(readys: readonly Ready[]): void {
    this.#guarded(() => {
      for (const ready of readys) {
        if (this.#stopped) return
        const hasWaited = this.#waiting.delete(ready)
        if (ready.snapshot !== undefined) this.#outputs.install(ready.snapshot)
        if (hasWaited) this.#send(ready.send.filter(tellsCommit))
        this.#send(ready.sendAfterSave)
        this.#raft.saved(ready)
        if (ready.repaired) this.#outputs.repaired()
        if (hasWaited && ready.apply.length > 0) this.#outputs.apply(ready.apply)
      }
    })
    this.#work()
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) if (message.to !== this.#raft.id) this.#outputs.send(message)
  }

  /** Within another one it is part of that. */
  #guarded(run: () => void): void {
    const isPart = this.#isWorking
    this.#isWorking = true
    try {
      run()
    } catch (cause) {
      this.#stopped = true
      this.#outputs.failed(invariantBroken(cause))
    }
    this.#isWorking = isPart
  }

  #failed(cause: unknown): void {
    this.#stopped = true
    this.#outputs.failed(new RaftError('STORAGE_FAILED', `the log cannot be saved, so this node stops: ${reasonOf(cause)}`, { cause }))
  }
}

function isMembership({ type }: Entry): boolean {
  return type === 'membership'
}

function tellsCommit({ type }: Message): boolean {
  return type === 'appendEntries' || type === 'heartbeat'
}
