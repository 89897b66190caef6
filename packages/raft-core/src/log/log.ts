import type { RestoredState } from '../config.ts'
import type { Snapshot } from '../messages.ts'
import { snapshotFault } from '../validate.ts'
import type { Entry, Index, Position, Term } from './entry.ts'
import { payloadBytes } from './entry.ts'
import { PackedEntries } from './packed-entries.ts'

/** What an entry costs beside its payload, so that a run of empty entries is limited too. */
const positionBytes = 16

/** What is packed leaves the array together, since that moves all that follows: so many, and half of it, at least. */
const shortenedBy = 16
/** In the place of an entry that is packed, until the array is shortened. */
const packedAway: Entry = { term: 0, index: 0, type: 'empty' }

const nothing: readonly Entry[] = []

/**
 * The log since the last compaction, and how far each part of the work on it has come. Always
 *
 *   base <= applied <= applying <= commit <= last,   base <= saved <= taken <= last
 *
 * Everything here is in memory: a core that had to wait for a disk would not be a function of its inputs. What is applied only waits for
 * the next compaction and for followers that are behind, so that is packed.
 */
export class Log {
  #base: Position
  /** From the base to `packedTo`: no more than what is applied. */
  readonly #packed = new PackedEntries()
  #packedTo: Index
  /** What follows, and before it what has just been packed: the first is the one after `before`. */
  #entries: Entry[]
  #before: Index
  /** The end of `#entries` as it was appended, and its size. */
  #newest: readonly Entry[] = nothing
  #newestBytes = 0
  /** Up to here the entries are known to be on disk; up to `taken` they were handed out to be saved. */
  saved: Index
  taken: Index
  commit: Index
  applied: Index
  /** Up to here the entries were handed out to be applied. */
  applying: Index
  #applyingBytes = 0
  #applyingPaused = false
  readonly #maxApplyBytes: number
  /** Received from a leader and not yet known to be saved. */
  snapshot: Snapshot | undefined
  snapshotTaken = false
  /** No entry after this changes the membership. One that was replaced may still count: it only makes somebody look. */
  newestMembership: Index = 0

  constructor(base: Position, entries: readonly Entry[], commit: Index, applied: Index, maxApplyBytes: number) {
    this.#base = { term: base.term, index: base.index }
    this.#packedTo = this.#before = base.index
    this.#entries = []
    this.append(entries)
    this.#newest = nothing // all of what was restored, and nobody asks for that at once
    this.saved = this.taken = this.lastIndex
    this.commit = commit
    this.applied = this.applying = applied
    this.#maxApplyBytes = maxApplyBytes
  }

  get firstIndex(): Index {
    return this.#base.index + 1
  }
  get lastIndex(): Index {
    return this.#before + this.#entries.length
  }
  get lastTerm(): Term {
    return this.termAt(this.lastIndex)!
  }
  get last(): Position {
    return { term: this.lastTerm, index: this.lastIndex }
  }

  /** Undefined before the base and after the end. */
  termAt(index: Index): Term | undefined {
    if (index > this.#packedTo) return this.#entries[index - this.#before - 1]?.term
    if (index === this.#base.index) return this.#base.term
    return index < this.#base.index ? undefined : this.#packed.termAt(index)
  }
  at(index: Index): Entry | undefined {
    if (index > this.#packedTo) return this.#entries[index - this.#before - 1]
    return index <= this.#base.index ? undefined : this.#packed.at(index)
  }
  holds(position: Position): boolean {
    return this.termAt(position.index) === position.term
  }

  /** §5.4.1: the later last term wins; in the same term, the longer log. */
  isUpToDate(theirs: Position): boolean {
    return theirs.term > this.lastTerm || (theirs.term === this.lastTerm && theirs.index >= this.lastIndex)
  }

  /** Whether a node whose log ends there would vote for us. */
  isUpToDateWith(theirs: Position): boolean {
    return this.lastTerm > theirs.term || (this.lastTerm === theirs.term && this.lastIndex >= theirs.index)
  }

  /** Time passes: memory that has not been needed for long goes back to the system. */
  tick(): void {
    this.#packed.tick()
  }

  /** Entries from `first` to `last`, no more than `maxBytes` of them but at least one. */
  slice(first: Index, last: Index, maxBytes: number): readonly Entry[] {
    if (first > last) return nothing
    // Whoever asks mostly wants just what came last: the array it came in will do, for all of them.
    if (last === this.lastIndex && last - first + 1 === this.#newest.length && this.#newestBytes <= maxBytes) return this.#newest
    const end = maxBytes === Infinity ? last : this.#lastWithin(maxBytes, first, last)
    const packedTo = this.#packedTo
    if (first > packedTo) return this.#entries.slice(first - this.#before - 1, end - this.#before)
    const packed = this.#packed.slice(first, Math.min(end, packedTo))
    return end > packedTo ? [...packed, ...this.#entries.slice(packedTo - this.#before, end - this.#before)] : packed
  }

  #lastWithin(maxBytes: number, first: Index, last: Index): Index {
    let bytes = 0
    for (let index = first; index <= last; index++) {
      bytes += this.#sizeAt(index)
      if (bytes > maxBytes && index > first) return index - 1
    }
    return last
  }

  #sizeAt(index: Index): number {
    if (index > this.#packedTo) return sizeOf(this.#entries[index - this.#before - 1]!)
    return this.#packed.payloadBytesAt(index) + positionBytes
  }

  /** The array is kept, and handed out again: nobody may change it. */
  append(added: readonly Entry[]): void {
    const entries = this.#entries
    let bytes = 0
    for (const entry of added) {
      entries.push(entry)
      bytes += sizeOf(entry)
      if (entry.type === 'membership') this.newestMembership = entry.index
    }
    this.#newest = added
    this.#newestBytes = bytes
  }

  /** The first of these entries that the log does not hold; undefined when it holds them all (§5.3: then nothing is cut). */
  firstNew(entries: readonly Entry[]): Entry | undefined {
    for (const entry of entries) if (this.termAt(entry.index) !== entry.term) return entry
    return undefined
  }

  /** §5.3: what conflicts goes, with all that follows it. */
  truncateFrom(index: Index): void {
    this.#entries.length = index - this.#before - 1
    this.#newest = nothing
    this.taken = Math.min(this.taken, index - 1)
    this.saved = Math.min(this.saved, index - 1)
  }

  /**
   * Where a log that holds `term` at `index` can first agree with ours: our last entry at or before `index` whose term is not later
   * (§5.3, the refined probing). The term is 0 where ours is no longer known.
   */
  lastNotAfter(index: Index, term: Term): Position {
    for (let at = index; at > 0; at--) {
      const ours = this.termAt(at)
      if (ours === undefined) return { term: 0, index: at }
      if (ours <= term) return { term: ours, index: at }
    }
    return { term: 0, index: 0 }
  }

  /** §7: the snapshot takes the place of the whole log. */
  restore(snapshot: Snapshot): void {
    this.#base = { term: snapshot.term, index: snapshot.index }
    this.#packed.clear()
    this.#packedTo = this.#before = snapshot.index
    this.#entries = []
    this.#newest = nothing
    this.saved = this.taken = this.commit = snapshot.index
    this.snapshot = snapshot
    this.snapshotTaken = false
    // What is still being applied is gone from here; its bytes are not waited for any more.
    this.#applyingBytes = 0
    this.#applyingPaused = false
  }

  compact(index: Index): void {
    const term = this.termAt(index)
    if (term === undefined) return
    if (index < this.#packedTo) this.#packed.dropTo(index)
    else {
      this.#packed.clear()
      this.#entries.splice(0, index - this.#before)
      this.#packedTo = this.#before = index
    }
    this.#base = { term, index }
    if (this.#newest.length > this.lastIndex - index) this.#newest = nothing
  }

  get hasUnsaved(): boolean {
    return this.saved < this.lastIndex
  }
  get hasUntaken(): boolean {
    return this.taken < this.lastIndex
  }
  takeUnsaved(): readonly Entry[] {
    const first = this.taken + 1
    this.taken = this.lastIndex
    return this.slice(first, this.taken, Infinity)
  }
  /** Entries replaced while the disk was writing them do not count. */
  markSaved(last: Position): void {
    if (last.index > this.saved && this.holds(last)) this.saved = last.index
  }

  hasAppliable(savedOnly: boolean): boolean {
    return !this.#applyingPaused && this.snapshot === undefined && this.applying < this.#appliableTo(savedOnly)
  }
  #appliableTo(savedOnly: boolean): Index {
    return savedOnly ? Math.min(this.commit, this.saved) : this.commit
  }
  takeAppliable(savedOnly: boolean): readonly Entry[] {
    if (!this.hasAppliable(savedOnly)) return nothing
    const end = this.#appliableTo(savedOnly)
    const entries = this.slice(this.applying + 1, end, this.#maxApplyBytes - this.#applyingBytes)
    this.applying += entries.length
    if (this.#maxApplyBytes === Infinity) return entries
    if (entries === this.#newest) this.#applyingBytes += this.#newestBytes
    else for (const entry of entries) this.#applyingBytes += sizeOf(entry)
    this.#applyingPaused = this.#applyingBytes >= this.#maxApplyBytes || this.applying < end
    return entries
  }
  markApplied(index: Index): void {
    if (index >= this.applying) {
      this.#applyingBytes = 0
      this.#applyingPaused = false
    } else if (this.#maxApplyBytes !== Infinity) {
      for (let at = Math.max(this.applied + 1, this.firstIndex); at <= index; at++) this.#applyingBytes -= sizeOf(this.at(at)!)
      this.#applyingBytes = Math.max(0, this.#applyingBytes)
      this.#applyingPaused = this.#applyingBytes >= this.#maxApplyBytes
    }
    this.applied = Math.max(this.applied, index)
    this.applying = Math.max(this.applying, this.applied)
    this.#packApplied()
  }

  #packApplied(): void {
    const entries = this.#entries
    for (let next = this.#packedTo + 1; next <= this.applied; next++) {
      const place = next - this.#before - 1
      this.#packed.push(entries[place]!)
      entries[place] = packedAway
      this.#packedTo = next
    }
    const packed = this.#packedTo - this.#before
    if (packed < shortenedBy || 2 * packed < entries.length) return
    entries.splice(0, packed)
    this.#before = this.#packedTo
  }
}

function sizeOf(entry: Entry): number {
  return payloadBytes(entry) + positionBytes
}

/** The log that a node starts from, checked: what storage hands over must hang together. */
export function restoredLog(restored: RestoredState, maxApplyBytes: number): Log {
  const { snapshot } = restored
  // At index 0 it would never be sent: a new member would get the log from its beginning, and not learn who the founders are.
  const fault = snapshot && snapshotFault(snapshot)
  if (fault !== undefined) throw new RangeError(`restored snapshot: ${fault}`)
  const base = snapshot ?? { term: 0, index: 0 }
  const entries = restored.entries ?? []
  let before: Position = base
  for (const entry of entries) {
    if (entry.index !== before.index + 1 || entry.term < before.term)
      throw new RangeError(`restored log is broken at index ${entry.index}: it follows index ${before.index} of term ${before.term}`)
    before = entry
  }
  // A founding snapshot may name a term that nobody has entered; entries may not.
  const term = restored.hardState?.term ?? 0
  if (entries.length > 0 && term < before.term) throw new RangeError(`restored term ${term} lies before the log's last term ${before.term}`)
  const commit = Math.max(restored.hardState?.commit ?? 0, base.index)
  if (commit > before.index) throw new RangeError(`restored commit index ${commit} lies beyond the log, which ends at ${before.index}`)
  const applied = Math.max(restored.applied ?? 0, base.index)
  if (applied > commit) throw new RangeError(`restored applied index ${applied} lies beyond the commit index ${commit}`)
  return new Log(base, entries, commit, applied, maxApplyBytes)
}
