import type { HardState, Index, NodeId, Position, Raft, Term } from 'raft-core'
import { baseKey, decodeBase, decodeHardState, entryKey, hardStateKey, positionIn, snapshotFolder } from 'raft-node/level'
import { type Frame, segmentNumber, WalReplay } from 'raft-node/wal'
import type { DurableImage } from '../invariants/ghost.ts'
import { ChainLog } from '../world/chain-log.ts'
import type { Write } from './database.ts'
import type { Disk } from './disk.ts'
import { dataFolder, textOf, walFolder } from './disk.ts'
import type { FileBytes } from './file-tree.ts'

const baseText = textOf(baseKey)
const hardStateText = textOf(hardStateKey)
const entryPrefix = entryKey(0)[0]!
const snapshots = `${dataFolder}/${snapshotFolder}`

/** What the log of a node would be after a power cut now: read from the bytes that its disk has for certain. */
export class NodeImage implements DurableImage {
  term: Term = 0
  vote: NodeId | undefined
  commit: Index = 0
  readonly log = new ChainLog({ index: 0, term: 0, chain: 0 })
  readonly votes = new Map<Term, NodeId>()
  twoVotesIn: Term | undefined
  /** What it held before it was damaged: true until then, and whoever has heard of it may count it. */
  promised: ChainLog | undefined
  /** The same, until a repair begins: what a node that does not repair itself must still show. */
  mustShow: ChainLog | undefined
  /** The core that runs on it; knows which snapshots on the disk it has taken over. */
  core: Raft | undefined
  readonly #chainAt: (index: Index, term: Term) => number
  #disk: Disk | undefined
  #isOld = false
  #snapshots: readonly Index[] = []
  #snapshotsVersion = -1
  #replay = new WalReplay()
  /** The segment that was read last. */
  #walFile: FileBytes | undefined

  /** `chainAt`: what is known of the entry at a position; the records on disk hold the store's own hashes. */
  constructor(chainAt: (index: Index, term: Term) => number) {
    this.#chainAt = chainAt
  }

  get disk(): Disk | undefined {
    return this.#disk
  }

  /** The newest snapshot that the node has made its own. One that has just been received is on the disk before that. */
  get snapshotIndex(): Index {
    const applied = this.core?.applied ?? 0
    let newest = 0
    for (const index of this.#durableSnapshots()) if (index <= applied) newest = Math.max(newest, index)
    return newest
  }

  /** From now on this is the disk; everything on it counts. */
  attach(disk: Disk): void {
    this.#disk = disk
    disk.keeping = write => this.#kept(write)
    const hardState = disk.database.durable.get(hardStateText)
    if (hardState !== undefined) this.#keepHardState(hardState)
    disk.synced = () => this.#readWal(disk)
    this.#readAll(disk)
  }
  #readAll(disk: Disk): void {
    this.#rebuild(disk)
    this.#replay = new WalReplay()
    this.#walFile = undefined
    this.#readWal(disk)
    if (this.#walFile === undefined) return
    // Its first segment may begin amid entries that are compacted: only the replay knows where it leads.
    const { base, entries } = this.#replay.log()
    const { index, term } = base.position
    this.log.reset({ index, term, chain: this.#chainAt(index, term) })
    for (const entry of entries) this.log.push(entry.term, this.#chainAt(entry.index, entry.term))
  }
  /** What is left on it counts from now on. */
  damaged(): void {
    if (this.#disk === undefined) return
    this.promised = this.mustShow = this.log.copy()
    // What is damaged beside a write-ahead log changes nothing of it.
    if (this.#walFile === undefined) this.#rebuild(this.#disk)
  }
  /** What it held before was true, and counts for those who have heard of it; what this disk holds is all that it can show. */
  putBack(disk: Disk): void {
    this.promised = this.log.copy()
    this.#isOld = true
    this.term = this.commit = 0
    this.vote = undefined
    this.core = undefined
    this.#snapshotsVersion = -1
    this.attach(disk)
  }
  /** Whatever was damaged did no harm, or is repaired. */
  whole(): void {
    this.mustShow = undefined
    if (!this.#isOld) this.promised = undefined
  }
  /** The disk is lost. What it had promised until then was true, and counts for those who have heard of it. */
  freeze(): void {
    this.#disk = undefined
  }

  #kept({ removes, puts }: Write): void {
    if (this.#disk === undefined) return
    let from = Infinity
    let rebuild = false
    // A repair begins with nothing.
    if (this.#disk.database.durable.size === 0) {
      this.mustShow = undefined
      this.commit = 0
      rebuild = true
    }
    for (const key of removes) if (isEntry(key) && indexIn(key) > this.log.base) from = Math.min(from, indexIn(key))
    for (const [key, value] of puts) {
      if (key === hardStateText) this.#keepHardState(value)
      else if (key === baseText) rebuild = true
      else if (isEntry(key)) from = Math.min(from, indexIn(key))
    }
    if (rebuild) return this.#rebuild(this.#disk)
    if (from < Infinity) this.log.truncateFrom(from)
    for (const [key, value] of puts) if (isEntry(key)) this.#push(value)
  }

  /** Goes on where it stopped: what was durable once stays. */
  #readWal(disk: Disk): void {
    if (this.#disk !== disk) return
    this.#noticeNewWal(disk)
    for (const name of disk.files.list(walFolder)) {
      const { segment, offset } = this.#replay.end
      const number = segmentNumber(name) // none: the lock, or what a damaged log held
      const bytes = disk.files.file(`${walFolder}/${name}`)?.durable
      if (number === undefined || number < segment || bytes === undefined) continue
      this.#replay.read(bytes, number, { from: number === segment ? offset : 0, taken: frame => this.#keepFrame(frame) })
      if (this.#replay.end.segment === number) this.#walFile = disk.files.file(`${walFolder}/${name}`)
    }
  }
  /** A repair begins with nothing: the segment that was written last is gone, or has another name, and others take its place. */
  #noticeNewWal(disk: Disk): void {
    if (this.#walFile === undefined || isIn(disk, this.#walFile)) return
    this.mustShow = undefined
    this.commit = 0
    this.log.reset({ index: 0, term: 0, chain: 0 })
    this.#replay = new WalReplay()
    this.#walFile = undefined
  }
  #keepFrame({ hardState, base, resets, entries }: Frame): void {
    const { log } = this
    if (hardState !== undefined) this.#setHardState(hardState)
    if (base !== undefined && (resets || base.position.index > log.last)) {
      const { index, term } = base.position
      log.reset({ index, term, chain: this.#chainAt(index, term) })
    }
    if (entries[0] !== undefined) log.truncateFrom(entries[0].index)
    for (const { index, term } of entries) if (index === log.last + 1) log.push(term, this.#chainAt(index, term))
    if (base !== undefined) log.compact(base.position.index)
  }

  #keepHardState(bytes: Uint8Array): void {
    const hardState = decodeHardState(bytes)
    if (hardState === undefined) throw new Error('a record of term and vote cannot be read')
    this.#setHardState(hardState)
  }
  #setHardState(hardState: HardState): void {
    this.term = hardState.term
    this.vote = hardState.vote
    this.commit = hardState.commit
    if (hardState.vote === undefined) return
    if ((this.votes.get(hardState.term) ?? hardState.vote) !== hardState.vote) this.twoVotesIn = hardState.term
    this.votes.set(hardState.term, hardState.vote)
  }

  #rebuild({ database: { durable } }: Disk): void {
    const bytes = durable.get(baseText)
    const { index, term } = (bytes === undefined ? undefined : decodeBase(bytes))?.position ?? { index: 0, term: 0 }
    this.log.reset({ index, term, chain: this.#chainAt(index, term) })
    for (let next = index + 1; ; next++) {
      const record = durable.get(textOf(entryKey(next)))
      if (record === undefined || positionOf(record)?.index !== next) return
      this.#push(record)
    }
  }
  #push(record: Uint8Array): void {
    const { index, term } = positionIn(record)
    if (index === this.log.last + 1) this.log.push(term, this.#chainAt(index, term))
  }

  #durableSnapshots(): readonly Index[] {
    const files = this.#disk?.files
    const version = files?.versionOf(snapshots) ?? -1
    if (files !== undefined && version !== this.#snapshotsVersion) {
      this.#snapshotsVersion = version
      const names = files.durableNames(snapshots).filter(name => name.endsWith('.snap'))
      this.#snapshots = names.map(name => Number(name.slice(0, name.indexOf('-'))))
    }
    return this.#snapshots
  }
}

/** Undefined: damaged so that it tells no position. */
function positionOf(record: Uint8Array): Position | undefined {
  try {
    return positionIn(record)
  } catch {
    return undefined
  }
}

/** As a segment: what is kept of a damaged log has other names. */
function isIn({ files }: Disk, file: FileBytes): boolean {
  return files.list(walFolder).some(name => segmentNumber(name) !== undefined && files.file(`${walFolder}/${name}`) === file)
}

function isEntry(key: string): boolean {
  return key.charCodeAt(0) === entryPrefix
}

/** The index in an entry's key: after the prefix, eight bytes, the highest first. */
function indexIn(key: string): Index {
  let index = 0
  for (let i = 1; i < key.length; i++) index = index * 256 + key.charCodeAt(i)
  return index
}
