import type { Index, Raft, ReadState } from 'raft-core'
import { RaftError } from './errors.ts'
import type { Clock } from './ports.ts'
import { notBegun } from './proposals.ts'
import { type Deadline, Wait } from './wait.ts'
import { Waits } from './waits.ts'

/** What a caller wants: the moment when the state machine may be read, the same by lease, or only the index that it takes. */
export type ReadKind = 'read' | 'lease' | 'index'

/** What the leader was asked, and for whom. */
type Question = { readonly context: string; readonly readers: ReadonlySet<Reader> }

/** Confirmed: these callers may read once `index` is applied. */
type Confirmed = { readonly index: Index; readonly readers: ReadonlySet<Reader> }

/**
 * Questions that wait for the leader. Each costs a heartbeat round, so while so many are open the next readers share one:
 * under load a round carries as many reads as come in during one.
 */
const maxOpenQuestions = 4

/**
 * Linearizable reads (thesis §6.4). All callers of one turn share one question to the core; a question that expires is asked again for
 * those who still wait, since a read changes nothing and may be repeated.
 */
export class Reads {
  readonly #raft: Raft
  readonly #clock: Clock
  readonly #waits: Waits
  readonly #applied: () => Index
  readonly #mayLease: () => boolean
  /** Context names must not repeat after a restart: a late answer to an earlier life would confirm a read with an old index. */
  readonly #life: string
  #count = 0
  #gathering = new Set<Reader>()
  /** Those whom a lease is good enough for. */
  #gatheringByLease = new Set<Reader>()
  /** A few: an array. Of a map, every table that it had would be left behind with the readers in it, and grow old (pending.ts). */
  readonly #asked: Question[] = []
  #confirmed: Confirmed[] = []
  #stopped: Error | undefined

  /** `mayLease`: otherwise a quorum is asked, whatever a reader would make do with. */
  constructor(raft: Raft, clock: Clock, applied: () => Index, mayLease: () => boolean) {
    this.#raft = raft
    this.#clock = clock
    this.#waits = new Waits(clock)
    this.#applied = applied
    this.#mayLease = mayLease
    this.#life = clock.uniqueId()
  }

  /** `lease`: at once, where this node leads by lease (thesis §6.4.1). */
  add(deadline: Deadline, kind: ReadKind): Promise<Index> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped)
    const reader = new Reader(deadline, kind, this)
    const gathering = kind === 'lease' ? this.#gatheringByLease : this.#gathering
    gathering.add(reader)
    this.#waits.start(reader)
    return reader.promise
  }

  /** Asks for all who gathered since the last time, if somebody can be asked. */
  ask(): void {
    if (this.#gatheringByLease.size > 0 && this.#ask(this.#gatheringByLease, this.#mayLease() ? this.#clock.now() : undefined)) {
      this.#gatheringByLease = new Set()
    }
    if (this.#gathering.size > 0 && this.#ask(this.#gathering, undefined)) this.#gathering = new Set()
  }

  /** `leaseAt`: the moment of reading. Not that of an earlier turn: a process that stood still since then has lost its lease. */
  #ask(readers: Set<Reader>, leaseAt: number | undefined): boolean {
    if (this.#asked.length >= maxOpenQuestions) return false
    const context = `${this.#life}/${++this.#count}`
    if (!this.#raft.read(context, leaseAt).accepted) return false
    this.#asked.push({ context, readers })
    return true
  }

  answered(states: readonly ReadState[]): void {
    for (const state of states) {
      const place = this.#asked.findIndex(({ context }) => context === state.context)
      if (place < 0) continue
      const { readers } = this.#asked.splice(place, 1)[0] as Question
      if ('expired' in state) for (const reader of readers) this.#gathering.add(reader)
      else this.#confirm(state.index, readers)
    }
    this.release()
  }

  #confirm(index: Index, readers: ReadonlySet<Reader>): void {
    for (const reader of readers) if (reader.kind === 'index') reader.resolve(index)
    this.#confirmed.push({ index, readers })
  }

  /** More is applied: whose index is reached may read. */
  release(): void {
    const applied = this.#applied()
    const ready = this.#confirmed.filter(({ index }) => index <= applied)
    if (ready.length === 0) return
    this.#confirmed = this.#confirmed.filter(({ index }) => index > applied)
    for (const { readers } of ready) for (const reader of readers) reader.resolve(applied)
  }

  /** `reason`: why nobody can read here any more. */
  stop(reason: RaftError): void {
    const error = notBegun(reason)
    this.#stopped = error
    const all = [this.#gathering, this.#gatheringByLease, ...[...this.#asked, ...this.#confirmed].map(({ readers }) => readers)]
    for (const readers of all) for (const reader of readers) reader.reject(error)
    this.#gathering.clear()
    this.#gatheringByLease.clear()
    this.#asked.length = 0
    this.#confirmed = []
    this.#waits.stop()
  }

  /** Settled readers stay in the sets they were asked with; settling them again does nothing. */
  forget(reader: Reader): void {
    this.#gathering.delete(reader)
    this.#gatheringByLease.delete(reader)
  }

  timedOut({ timeoutMs }: Deadline): RaftError {
    if (this.#raft.leader === undefined) {
      return new RaftError(
        'NO_LEADER',
        `no leader for ${timeoutMs} ms, so no read: a majority of the voters must be up and reach each other`,
      )
    }
    return new RaftError('TIMED_OUT', `no confirmed read within ${timeoutMs} ms: try again`, { outcome: 'not-applied' })
  }
}

class Reader extends Wait<Index> {
  readonly kind: ReadKind
  readonly #owner: Reads

  constructor(deadline: Deadline, kind: ReadKind, owner: Reads) {
    super(deadline)
    this.kind = kind
    this.#owner = owner
  }

  protected timedOut(): Error {
    return this.#owner.timedOut(this.deadline)
  }

  /** A read changes nothing. */
  protected override abandoned(cause: unknown): Error {
    return new RaftError('ABORTED', 'the caller gave up waiting; a read changes nothing', { cause, outcome: 'not-applied' })
  }

  protected forget(): void {
    this.#owner.forget(this)
  }
}
