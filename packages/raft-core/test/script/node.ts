import type { Raft } from '../../src/api.ts'
import type { RaftOptions } from '../../src/config.ts'
import type { Entry, Index, NodeId, Term } from '../../src/log/entry.ts'
import type { Message } from '../../src/messages.ts'
import { createRaft } from '../../src/raft.ts'
import type { Ready } from '../../src/ready.ts'
import { formatTrace } from '../../src/trace-format.ts'
import { Disk } from './disk.ts'
import { formatBallot, formatEntry, formatMessage, formatRead } from './format.ts'

export type Surroundings = { readonly print: (line: string) => void; readonly send: (message: Message) => void }

/** A core with its disk. Whatever the core asks for is done at once and printed, unless its saves are held up. */
export class Node {
  readonly id: NodeId
  readonly disk: Disk
  /** Undefined while crashed. */
  raft: Raft | undefined
  /** A slow disk: saves wait in `saving` until the script lets them end. */
  #holding = false
  #saving: Ready[] = []
  /** A slow state machine: what is saved waits in `applying` to be applied. */
  #stalled = false
  #applying: Ready[] = []
  /** Its clock: one for every tick, and what a pause takes. */
  now = 0
  /** Whether the core has ignored the message delivered last. */
  ignored = false
  readonly #options: RaftOptions
  readonly #world: Surroundings
  /** The term of every entry applied, for snapshots. */
  readonly #terms = new Map<Index, Term>()

  constructor(options: RaftOptions, world: Surroundings) {
    this.id = options.id
    this.#world = world
    const trace: RaftOptions['trace'] = event => {
      if (event.type === 'ignore') this.ignored = true
      // Entries print when they are saved.
      if (event.type !== 'append') this.#print(formatTrace(event))
    }
    this.#options = { ...options, trace }
    this.disk = new Disk(options.restored)
    this.raft = createRaft(this.#options)
  }

  get core(): Raft {
    if (this.raft === undefined) throw new Error(`${this.id} is down`)
    return this.raft
  }

  tick(): void {
    this.now++
    this.raft?.tick(this.now)
  }
  pause(ticks: number): void {
    this.now += ticks
  }
  crash(): void {
    this.raft = undefined
    this.#saving = []
    this.#applying = []
  }
  restart(): void {
    this.raft = createRaft({ ...this.#options, restored: this.disk.restore() })
    this.work()
  }

  /** Down, and up again without what the disk held from `first` on. */
  damage(first: Index): void {
    this.crash()
    this.disk.damage(first)
    this.restart()
  }

  /** Performs Readys until there are none. */
  work(): void {
    while (this.raft?.hasReady()) this.#perform(this.raft.ready())
  }

  #perform(ready: Ready): void {
    this.#post(ready.send)
    if (this.#holding) this.#saving.push(ready)
    else this.#finish(ready)
  }

  /** From now on saves end only when told to. */
  hold(): void {
    if (this.#options.overlapping !== true) throw new Error('only a cluster with overlapping=true can hold saves')
    this.#holding = true
  }
  free(): void {
    this.#holding = false
    while (this.#saving.length > 0) this.save()
  }

  /** Lets the oldest save that is held up end. */
  save(): void {
    const ready = this.#saving.shift()
    if (ready === undefined) throw new Error(`${this.id} has no save waiting`)
    this.#finish(ready)
    this.work()
  }

  /** From now on entries are applied only when told to. */
  stall(): void {
    if (this.#options.overlapping !== true) throw new Error('only a cluster with overlapping=true can apply late')
    this.#stalled = true
  }
  /** Applies what has been handed out so far. */
  apply(): void {
    for (const { apply } of this.#applying.splice(0)) {
      for (const entry of apply) this.#apply(entry)
      const last = apply.at(-1)
      if (last) this.core.appliedTo(last.index)
    }
    this.work()
  }

  #finish(ready: Ready): void {
    this.#printSave(ready)
    this.disk.save(ready)
    this.#post(ready.sendAfterSave)
    if (!this.#stalled) for (const entry of ready.apply) this.#apply(entry)
    for (const read of ready.reads) this.#print(formatRead(read))
    if (!this.#stalled) return this.core.advance(ready)
    this.#applying.push(ready)
    this.core.saved(ready)
  }

  #printSave({ hardState, mustSync, entries, snapshot, repaired }: Ready): void {
    const ballot = hardState && (hardState.term !== this.disk.hardState.term || hardState.vote !== this.disk.hardState.vote)
    if (ballot) this.#print(`saves ${formatBallot(hardState)}`)
    if (snapshot) this.#print(`saves snapshot ${snapshot.index}`)
    for (const entry of entries) this.#print(`saves ${formatEntry(entry)}`)
    if (repaired) this.#print('saves that its log is whole')
    if (mustSync !== (ballot || repaired || entries.length > 0 || snapshot !== undefined)) throw new Error(`mustSync is ${mustSync}`)
  }

  #apply(entry: Entry): void {
    this.#print(`applies ${formatEntry(entry)}`)
    this.#terms.set(entry.index, entry.term)
  }

  /** Takes a snapshot of all that is applied. */
  takeSnapshot(): void {
    const { applied, membership, membershipIndex } = this.core.status()
    const term = this.#terms.get(applied)
    if (term === undefined) throw new Error(`${this.id} has applied nothing to take a snapshot of`)
    const snapshot = { index: applied, term, membership, membershipIndex, data: new Uint8Array() }
    this.disk.keepSnapshot(snapshot)
    this.core.snapshotTaken(snapshot)
  }
  /** Drops the log up to `index`, for which a snapshot stands from now on. */
  compact(index: Index): void {
    this.takeSnapshot()
    this.disk.compact(index)
    this.core.compact(index)
  }

  #post(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#world.print(formatMessage(message))
      this.#world.send(message)
    }
  }
  #print(line: string): void {
    this.#world.print(`${this.id} ${line}`)
  }
}
