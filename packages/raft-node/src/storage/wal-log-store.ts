import type { Index } from 'raft-core'
import type { Clock, Identity } from '../ports.ts'
import type { Link } from './chain.ts'
import type { Files, Lock } from './files.ts'
import { logFolders } from './folder-layout.ts'
import { GuardedLogStore } from './guarded-log-store.ts'
import { emptyHead, type LogHead } from './log-head.ts'
import type { Base } from './log-keys.ts'
import type { Append, LogMedium, ReadEntries } from './log-medium.ts'
import { type FrameContent, type Prepared, prepareFrame } from './wal-frame.ts'
import { WalReplay } from './wal-replay.ts'
import { lockName, type SegmentBytes, WalSegments } from './wal-segments.ts'

const kib = 1024
const defaultBytes: SegmentBytes = { first: 256 * kib, most: 16 * 1024 * kib }

/** The log in files of its own: every batch one write and one flush at the end of the newest. */
export class WalLogStore extends GuardedLogStore {
  constructor({ files, folder, clock, segmentBytes }: { files: Files; folder: string; clock: Clock; segmentBytes?: SegmentBytes }) {
    const medium = new WalMedium(files, `${folder}/${logFolders.wal}`, segmentBytes)
    super({ kind: 'wal', files, medium, folder, clock })
  }
}

export class WalMedium implements LogMedium {
  readonly #files: Files
  readonly #folder: string
  readonly #segments: WalSegments
  #replay = new WalReplay()
  #lock: Lock | undefined

  /** What a segment's head says. */
  #identity: Identity | undefined
  #hardState = emptyHead.hardState
  #base = emptyHead.base
  #end = { index: 0, chain: 0 }

  constructor(files: Files, folder: string, bytes = defaultBytes) {
    this.#files = files
    this.#folder = folder
    this.#segments = new WalSegments(files, folder, bytes)
  }

  async open(): Promise<void> {
    await this.#segments.refuseForeign()
    this.#lock = await this.#files.lock(`${this.#folder}/${lockName}`)
  }

  async readHead(): Promise<LogHead> {
    await this.#segments.read(this.#replay)
    const { identity, hardState } = this.#replay
    return { identity, hardState, base: this.#replay.log().base }
  }

  async isEmpty(): Promise<boolean> {
    return !this.#replay.isBegun
  }

  async readEntries({ identity, hardState }: LogHead): Promise<ReadEntries> {
    const { base, entries, chain, end, isCutShort } = this.#replay.log()
    const settle = async () => {
      this.#identity = identity
      this.#hardState = hardState
      this.#base = base
      this.#end = { index: chain.last, chain: chain.at(chain.last)?.hash ?? 0 }
      await this.#segments.continueAt(end, this.#replay.highest)
      this.#replay = new WalReplay() // or the bytes that were read would lie in memory for ever
      // Term and vote may have been saved in what was cut.
      if (isCutShort) await this.#write({ identity, hardState, entries: [], chain: 0 })
    }
    return { entries, chain, stop: this.#replay.stop, settle }
  }

  async initialize(identity: Identity): Promise<void> {
    const isNew = this.#identity === undefined
    this.#identity = identity
    if (isNew) await this.#segments.begin(this.#head())
    else await this.#write({ identity, entries: [], chain: 0 })
  }

  async reset(): Promise<void> {
    await this.#segments.reset()
    this.#replay = new WalReplay()
    this.#identity = undefined
    this.#hardState = emptyHead.hardState
    this.#base = emptyHead.base
    this.#end = { index: 0, chain: 0 }
  }

  async append({ keep, chain, entries, hardState, base }: Append): Promise<readonly Link[]> {
    const links = await this.#write({ hardState, base, resets: base !== undefined, entries, chain })
    this.#hardState = hardState ?? this.#hardState
    this.#base = base ?? this.#base
    this.#end = { index: keep + entries.length, chain: links.at(-1)?.hash ?? chain }
    return links
  }

  async moveBase(base: Base): Promise<void> {
    await this.#write({ base, entries: [], chain: 0 })
    this.#base = base
  }

  #write(content: FrameContent): Promise<readonly Link[]> {
    return this.#segments.append(prepareFrame(content), content.entries.at(-1)?.index ?? 0, () => this.#head())
  }

  /** How the log stands before the frame that comes next. */
  #head(): Prepared {
    const head = { end: this.#end, identity: this.#identity, hardState: this.#hardState, base: this.#base }
    return prepareFrame({ ...head, entries: [], chain: 0 })
  }

  forget(_: Index, to: Index): Promise<void> {
    return this.#segments.forget(to)
  }

  async close(): Promise<void> {
    try {
      await this.#segments.close()
    } finally {
      await this.#lock?.release()
    }
  }
}
