import type { Entry, HardState, Index, Position, Term } from 'raft-core'
import type { Identity } from '../ports.ts'
import { Chain } from './chain.ts'
import { emptyHead } from './log-head.ts'
import type { Base } from './log-keys.ts'
import { type Frame, isBegun, readEntryAt, readFrame } from './wal-frame.ts'
import { segmentName } from './wal-names.ts'

/**
 * Where frames stop that can be read and follow each other; with the checksum of the last one. `last`: the last write up to there,
 * which was the last frame, or a head and the frame after it. All before it was flushed, since no write began before the flush of the one
 * before.
 */
export type WalEnd = { readonly segment: number; readonly offset: number; readonly previous: number; readonly last: Uint8Array }

export type WalLog = {
  readonly base: Base
  /** From this index on; all of them from 0 on. Made when they are asked for. */
  entriesFrom(index: Index): readonly Entry[]
  readonly chain: Chain
  readonly end: WalEnd
  /** Frames beyond the end can be read, and are of no use: some before them are missing. */
  readonly isCutShort: boolean
}

/** Where a frame was read. */
type Place = { readonly bytes: Uint8Array; readonly at: number; readonly segment: number }

/** From which offset on, and who hears of each frame that was taken. */
type ReadOptions = { readonly from?: number; readonly taken?: (frame: Frame) => void }

/**
 * The entries of one stretch of frames that follow each other: those after `from`, each by its term, its chain hash and where it lies. Most
 * are in a snapshot already, and nobody asks for them: an object for each would be what a start leaves most garbage of.
 */
type Run = {
  from: Index
  /** The chain hash at `from`. */
  chain: number
  readonly terms: Term[]
  readonly hashes: number[]
  /** The segment's bytes, and the place in them. */
  readonly sources: Uint8Array[]
  readonly places: number[]
  base: Base
  end: WalEnd
}

/**
 * What segments say when they are read in order. Where one cannot be read to its end and a later one begins all the same, reading goes on
 * there, since a segment's head says how the log stood: old segments that nobody needs any more may be in any state. Whether anything
 * that is needed is missing shows at the end.
 */
export class WalReplay {
  identity: Identity | undefined
  hardState: HardState = emptyHead.hardState
  /** The highest index that was ever stored in each segment, by its number. */
  readonly highest = new Map<number, Index>()
  /** The first place where a frame of its segment is not whole, or does not follow: for people. */
  stop: string | undefined
  #run: Run = startingAt(emptyHead.base)
  /** What came before a break. */
  #broken: Run | undefined

  get base(): Base {
    return this.#run.base
  }
  get end(): WalEnd {
    return this.#run.end
  }
  /** False where no whole frame was found. */
  get isBegun(): boolean {
    return this.end.segment > 0
  }

  /** Takes the frames of one segment, in the order of their numbers. Returns how far they reach; 0 where it was never begun. */
  read(bytes: Uint8Array, segment: number, { from = 0, taken = () => {} }: ReadOptions = {}): number {
    let at = from
    let headEnd = 0
    for (;;) {
      const frame = readFrame(bytes, at, segment)
      if (frame === undefined || !this.#take(frame, { bytes, at, segment })) {
        if (frame !== undefined || isBegun(bytes, at, { segment, previous: this.end.previous }))
          this.stop ??= `${segmentName(segment)} is damaged, or does not go on, at byte ${at}`
        return at
      }
      taken(frame)
      if (at === 0) headEnd = frame.next
      this.#run.end = { segment, offset: frame.next, previous: frame.crc, last: bytes.subarray(at === headEnd ? 0 : at, frame.next) }
      at = frame.next
    }
  }

  #take(frame: Frame, { bytes, at, segment }: Place): boolean {
    if ((frame.end !== undefined) !== (at === 0)) return false
    const follows = this.isBegun && frame.previous === this.end.previous
    if (at > 0 && !follows) return false
    if (!follows) this.#restart(frame)
    if (!this.#store(frame, bytes, segment)) return false
    this.identity = frame.identity ?? this.identity
    this.hardState = frame.hardState ?? this.hardState
    return true
  }

  #restart({ end, base }: Frame): void {
    if (this.isBegun) this.#broken ??= this.#run
    this.#run = { ...startingAt(base ?? emptyHead.base), from: end?.index ?? 0, chain: end?.chain ?? 0 }
  }

  #store(frame: Frame, bytes: Uint8Array, segment: number): boolean {
    const { base, resets, positions } = frame
    if (resets && base !== undefined) this.#run = { ...startingAt(base), end: this.end }
    const [first] = positions
    if (first !== undefined && !this.#replaceAfter(first.index - 1, frame, bytes)) return false
    if (base !== undefined) this.#run.base = base
    this.highest.set(segment, Math.max(this.highest.get(segment) ?? 0, positions.at(-1)?.index ?? 0))
    return true
  }

  #replaceAfter(keep: Index, { positions, chain, hashes, places, hardState = this.hardState }: Frame, bytes: Uint8Array): boolean {
    const run = this.#run
    const kept = Math.max(0, keep - run.from)
    if (kept > run.hashes.length) return false
    if (!inOrder(positions, keep, run.terms[keep - run.from - 1] ?? 0, hardState.term)) return false
    if (keep < run.from) {
      // Entries that lay in segments which nobody needs any more were replaced.
      Object.assign(run, { from: keep, chain })
    } else if (chain !== hashAt(run, keep)) return false
    for (const column of [run.terms, run.hashes, run.sources, run.places]) column.length = kept
    for (const [i, { term }] of positions.entries()) {
      run.terms.push(term)
      run.hashes.push(hashes[i] as number)
      run.sources.push(bytes)
      run.places.push(places[i] as number)
    }
    return true
  }

  /**
   * The log from its base on. Where entries are missing right after the base, those before the break that hid them: what follows is then
   * of no use, and the end is there.
   */
  log(): WalLog {
    const before = this.#broken
    const run = !reachesBase(this.#run) && before !== undefined && reachesBase(before) ? before : this.#run
    const { position, chain } = run.base
    const skip = reachesBase(run) ? position.index - run.from : run.hashes.length
    const links = new Chain(position.index, { term: position.term, hash: chain })
    for (let at = skip; at < run.hashes.length; at++) links.push(run.terms[at] as Term, run.hashes[at] as number)
    return { base: run.base, chain: links, end: run.end, isCutShort: run === before, entriesFrom: fromRun(run, skip) }
  }
}

const nothing = new Uint8Array(0)

function startingAt(base: Base): Run {
  return {
    from: base.position.index,
    chain: base.chain,
    terms: [],
    hashes: [],
    sources: [],
    places: [],
    base,
    end: { segment: 0, offset: 0, previous: 0, last: nothing },
  }
}

/** Whether nothing is missing between its base and its first entry, and the base is the one that its entries follow. */
function reachesBase(run: Run): boolean {
  const { from, base, hashes } = run
  const { index } = base.position
  if (index < from || index > from + hashes.length) return false
  return hashAt(run, index) === base.chain
}

function hashAt({ from, chain, hashes }: Run, index: Index): number {
  return hashes[index - from - 1] ?? chain
}

/** Its entries without the first `skip`. */
function fromRun({ from, sources, places }: Run, skip: number): WalLog['entriesFrom'] {
  return index => {
    const start = Math.max(skip, index - from - 1)
    return places.slice(start).map((place, i) => readEntryAt(sources[start + i] as Uint8Array, place))
  }
}

function inOrder(positions: readonly Position[], keep: Index, termBefore: number, termNow: number): boolean {
  let term = termBefore
  return positions.every((position, i) => {
    const fits = position.index === keep + 1 + i && position.term >= term && position.term <= termNow
    term = position.term
    return fits
  })
}
