import type { Entry, HardState, Index, NodeId, RestoredState, Snapshot, Term } from 'raft-core'
import type { DurableImage } from '../invariants/ghost.ts'
import type { Random } from '../random.ts'
import type { ChainBase } from './chain-log.ts'
import { ChainLog } from './chain-log.ts'

/** What one Ready writes: kept whole or not at all. */
export type DiskBatch = {
  readonly hardState: HardState | undefined
  readonly entries: readonly Entry[]
  /** Chain hash at each of `entries`. */
  readonly chains: readonly number[]
  readonly snapshot: Snapshot | undefined
  /** Chain hash at the snapshot. */
  readonly snapshotChain: number
}

/**
 * The disk of one node. What is written is volatile until a sync: a crash keeps some of the batches since the last one, the oldest
 * first, as a write-ahead log does. The fields are the durable image, which is what the invariants look at.
 */
export class Disk implements DurableImage {
  term: Term = 0
  vote: NodeId | undefined
  commit: Index = 0
  snapshot: Snapshot | undefined
  readonly log = new ChainLog({ index: 0, term: 0, chain: 0 })
  /** Every vote that was ever durable, by term. */
  readonly votes = new Map<Term, NodeId>()
  /** The entries of `log`, in step with it. */
  #entries: Entry[] = []
  #unsynced: DiskBatch[] = []
  /** A snapshot of the node's own state that is being written to its file. */
  #writing: { readonly snapshot: Snapshot; readonly chain: number } | undefined

  get snapshotIndex(): Index {
    return this.snapshot?.index ?? 0
  }

  /** A member of the first hour starts from a snapshot that holds the membership and nothing else. */
  format(snapshot: Snapshot, chain: number): void {
    this.snapshot = snapshot
    this.log.reset({ index: snapshot.index, term: snapshot.term, chain })
    this.term = snapshot.term
    this.commit = snapshot.index
  }

  write(batch: DiskBatch): void {
    this.#unsynced.push(batch)
  }
  /** Everything up to this batch survives from now on. */
  sync(batch: DiskBatch): void {
    const count = this.#unsynced.indexOf(batch) + 1
    for (let i = 0; i < count; i++) this.#keep(this.#unsynced[i]!)
    this.#unsynced.splice(0, count)
  }
  crash(random: Random): void {
    const kept = random.between(0, this.#unsynced.length)
    for (let i = 0; i < kept; i++) this.#keep(this.#unsynced[i]!)
    this.#unsynced = []
    if (random.chance(0.5)) this.snapshotWritten()
    this.#writing = undefined
  }

  writeSnapshot(snapshot: Snapshot, chain: number): void {
    this.#writing = { snapshot, chain }
  }
  /** The file is synced and renamed. False when a newer snapshot arrived from the leader meanwhile. */
  snapshotWritten(): boolean {
    const written = this.#writing
    this.#writing = undefined
    if (written === undefined || written.snapshot.index <= this.snapshotIndex) return false
    this.snapshot = written.snapshot
    return true
  }
  compact(index: Index): void {
    const before = this.log.base
    this.log.compact(index)
    this.#entries.splice(0, this.log.base - before)
  }

  /** What a restart finds. Entries that the snapshot covers are left out, even if the log still holds them. */
  restore(): RestoredState & { readonly base: ChainBase } {
    const { snapshot } = this
    const from = this.snapshotIndex
    const base = { index: from, term: snapshot?.term ?? 0, chain: this.log.chainAt(from) ?? 0 }
    const entries = this.#entries.slice(Math.max(0, from - this.log.base))
    return { snapshot, hardState: { term: this.term, vote: this.vote, commit: this.commit }, entries, base }
  }

  #keep({ hardState, entries, chains, snapshot, snapshotChain }: DiskBatch): void {
    if (hardState) this.#keepHardState(hardState)
    if (snapshot) {
      this.snapshot = snapshot
      this.log.reset({ index: snapshot.index, term: snapshot.term, chain: snapshotChain })
      this.#entries = []
    }
    const first = entries[0]
    if (first === undefined) return
    this.log.truncateFrom(first.index)
    this.#entries.length = this.log.last - this.log.base
    for (let i = 0; i < entries.length; i++) {
      this.log.push(entries[i]!.term, chains[i]!)
      this.#entries.push(entries[i]!)
    }
  }
  #keepHardState({ term, vote, commit }: HardState): void {
    this.term = term
    this.vote = vote
    this.commit = commit
    if (vote !== undefined) this.votes.set(term, vote)
  }
}
