import type { Entry, HardState, Index } from 'raft-core'
import type { Identity } from '../ports.ts'
import { Chain, type Link } from './chain.ts'
import { emptyHead } from './log-head.ts'
import type { Base } from './log-keys.ts'
import { type Frame, isBegun, readFrame } from './wal-frame.ts'
import { segmentName } from './wal-names.ts'

/**
 * Where frames stop that can be read and follow each other; with the checksum of the last one. `last`: the last write up to there,
 * which was the last frame, or a head and the frame after it. All before it was flushed, since no write began before the flush of the one
 * before.
 */
export type WalEnd = { readonly segment: number; readonly offset: number; readonly previous: number; readonly last: Uint8Array }

export type WalLog = {
  readonly base: Base
  readonly entries: readonly Entry[]
  readonly chain: Chain
  readonly end: WalEnd
  /** Frames beyond the end can be read, and are of no use: some before them are missing. */
  readonly isCutShort: boolean
}

/** From which offset on, and who hears of each frame that was taken. */
type ReadOptions = { readonly from?: number; readonly taken?: (frame: Frame) => void }

/** The entries of one stretch of frames that follow each other: those after `from`. */
type Run = {
  from: Index
  /** The chain hash at `from`. */
  chain: number
  entries: Entry[]
  links: Link[]
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
      if (frame === undefined || !this.#take(frame, at, segment)) {
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

  #take(frame: Frame, at: number, segment: number): boolean {
    if ((frame.end !== undefined) !== (at === 0)) return false
    const follows = this.isBegun && frame.previous === this.end.previous
    if (at > 0 && !follows) return false
    if (!follows) this.#restart(frame)
    if (!this.#store(frame, segment)) return false
    this.identity = frame.identity ?? this.identity
    this.hardState = frame.hardState ?? this.hardState
    return true
  }

  #restart({ end, base }: Frame): void {
    if (this.isBegun) this.#broken ??= this.#run
    this.#run = { ...startingAt(base ?? emptyHead.base), from: end?.index ?? 0, chain: end?.chain ?? 0 }
  }

  #store({ base, resets, entries, links, chain, hardState = this.hardState }: Frame, segment: number): boolean {
    if (resets && base !== undefined) this.#run = { ...startingAt(base), end: this.end }
    if (entries.length > 0 && !this.#replaceAfter((entries[0] as Entry).index - 1, chain, entries, links, hardState)) return false
    if (base !== undefined) this.#run.base = base
    this.highest.set(segment, Math.max(this.highest.get(segment) ?? 0, entries.at(-1)?.index ?? 0))
    return true
  }

  #replaceAfter(keep: Index, chain: number, entries: readonly Entry[], links: readonly Link[], { term }: HardState): boolean {
    const run = this.#run
    if (keep > run.from + run.entries.length) return false
    if (!inOrder(entries, keep, run.entries[keep - run.from - 1]?.term ?? 0, term)) return false
    if (keep < run.from) {
      // Entries that lay in segments which nobody needs any more were replaced.
      Object.assign(run, { from: keep, chain, entries: [], links: [] })
    } else if (chain !== (run.links[keep - run.from - 1]?.hash ?? run.chain)) return false
    run.entries.length = keep - run.from
    run.links.length = keep - run.from
    for (const entry of entries) run.entries.push(entry)
    for (const link of links) run.links.push(link)
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
    const skip = reachesBase(run) ? position.index - run.from : run.entries.length
    const links = new Chain(position.index, { term: position.term, hash: chain }, run.links.slice(skip))
    return { base: run.base, entries: run.entries.slice(skip), chain: links, end: run.end, isCutShort: run === before }
  }
}

const nothing = new Uint8Array(0)

function startingAt(base: Base): Run {
  return {
    from: base.position.index,
    chain: base.chain,
    entries: [],
    links: [],
    base,
    end: { segment: 0, offset: 0, previous: 0, last: nothing },
  }
}

/** Whether nothing is missing between its base and its first entry, and the base is the one that its entries follow. */
function reachesBase({ from, chain, links, base, entries }: Run): boolean {
  const { index } = base.position
  if (index < from || index > from + entries.length) return false
  return (links[index - from - 1]?.hash ?? chain) === base.chain
}

function inOrder(entries: readonly Entry[], keep: Index, termBefore: number, termNow: number): boolean {
  let term = termBefore
  return entries.every((entry, i) => {
    const fits = entry.index === keep + 1 + i && entry.term >= term && entry.term <= termNow
    term = entry.term
    return fits
  })
}
