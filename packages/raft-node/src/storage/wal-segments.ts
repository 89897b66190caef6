import type { Index } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { Link } from './chain.ts'
import type { Files, OpenFile } from './files.ts'
import type { Prepared } from './wal-frame.ts'
import { keptPrefixes, segmentName, segmentNumber } from './wal-names.ts'
import type { WalEnd, WalReplay } from './wal-replay.ts'

/** How large segments are, in bytes: the first, and what they grow to by doubling. */
export type SegmentBytes = { readonly first: number; readonly most: number }

type Segment = { readonly number: number; highest: Index }
type OpenSegment = Segment & { readonly file: OpenFile; readonly capacity: number; offset: number }

export const lockName = 'lock'
const stepBytes = 1024 * 1024
/** Kept to be used again, so that their blocks need not be found and filled a second time. */
const sparesKept = 1

/**
 * The files of a write-ahead log: one is written, the next lies ready, filled with zeros and with its name on disk (a file that grows
 * flushes slower, and a name needs a flush of its own), and old ones wait to be forgotten or used again. Nothing waits for the next one:
 * until it is ready the current one grows.
 */
export class WalSegments {
  readonly #files: Files
  readonly #folder: string
  readonly #bytes: SegmentBytes
  #current: OpenSegment | undefined
  #previous = 0
  #next: OpenSegment | undefined
  #old: Segment[] = []
  #spares: number[] = []
  #preparing: Promise<void> | undefined
  /** Not before the current segment has come so far. */
  #prepareAt = 0
  #closing: Promise<void> = Promise.resolve()
  #memory = new Uint8Array(64 * 1024)

  constructor(files: Files, folder: string, bytes: SegmentBytes) {
    this.#files = files
    this.#folder = folder
    this.#bytes = bytes
  }

  /** Before anything is made in it. */
  async refuseForeign(): Promise<void> {
    await this.#numbers()
  }

  async #numbers(): Promise<number[]> {
    const names = await this.#files.list(this.#folder)
    const foreign = names.find(name => segmentNumber(name) === undefined && name !== lockName && !name.startsWith('.'))
    if (foreign === undefined) return names.map(segmentNumber).filter(number => number !== undefined)
    throw new RaftError('FOLDER_FOREIGN', `${this.#folder} holds ${foreign}, which is not ours. Name a folder that is empty or new.`)
  }

  /** One after the other, each once. */
  async read(replay: WalReplay): Promise<void> {
    for (const number of await this.#numbers()) {
      const file = await this.#open(number)
      try {
        replay.read(await file.readAt(0, await file.size()), number)
      } finally {
        await file.close()
      }
    }
  }

  async #open(number: number): Promise<OpenFile> {
    const file = await this.#files.open(this.#path(number))
    if (file === undefined) throw new RaftError('CORRUPT', `${this.#path(number)} is gone`)
    return file
  }

  #path(number: number, prefix = ''): string {
    return `${this.#folder}/${prefix}${segmentName(number)}`
  }

  /** The log begins: what an earlier beginning has left is dropped. Durable once resolved. */
  async begin(head: Prepared): Promise<void> {
    await this.#removeAfter(0)
    const block = new Uint8Array(Math.max(head.size, this.#bytes.first))
    this.#previous = head.write(block, 0, { segment: 1, previous: 0 }).crc
    const file = await this.#files.create(this.#path(1))
    this.#current = { number: 1, file, capacity: block.length, offset: head.size, highest: 0 }
    await file.writeAt(0, block)
    await file.sync()
    await this.#files.syncFolder(this.#folder)
  }

  /**
   * The log goes on here. What comes after must be gone before anything is written: a frame that lay beyond a torn one could follow
   * the new one. What was written last may be in memory only, left there by a process that crashed; and where that one ended because a flush
   * had failed, the kernel may take its memory for written. So it is written once more.
   */
  async continueAt({ segment, offset, previous, last }: WalEnd, highest: ReadonlyMap<number, Index>): Promise<void> {
    await this.#removeAfter(segment)
    const file = await this.#open(segment)
    const capacity = await file.size()
    this.#current = { number: segment, file, capacity, offset, highest: highest.get(segment) ?? 0 }
    this.#previous = previous
    await file.writeAt(offset - last.length, last) // as it was read: read again, it may be what the disk has
    await fillWithZeros(file, offset, capacity)
    await file.sync()
    await this.#files.syncFolder(this.#folder)
    const before = (await this.#numbers()).filter(number => number < segment)
    this.#old = before.map(number => ({ number, highest: highest.get(number) ?? 0 }))
  }

  async #removeAfter(segment: number): Promise<void> {
    for (const number of await this.#numbers()) if (number > segment) await this.#files.remove(this.#path(number))
  }

  /** Empties the folder; durable once resolved. What is damaged may be all that is left of a cluster: it is kept under other names. */
  async reset(): Promise<void> {
    await this.close()
    this.#old = []
    this.#spares = []
    const names = await this.#files.list(this.#folder)
    const numbers = await this.#numbers()
    // One that was cut short goes on: what it has renamed already has other numbers.
    const kept = keptPrefixes.find(prefix => !numbers.some(number => names.includes(prefix + segmentName(number))))
    if (kept === undefined) await this.#removeAfter(0)
    else for (const number of numbers) await this.#files.rename(this.#path(number), this.#path(number, kept))
    await this.#files.syncFolder(this.#folder)
  }

  /** One write and one sync, also where a new segment begins: with `head` then. */
  async append(frame: Prepared, last: Index, head: () => Prepared): Promise<readonly Link[]> {
    const first = this.#turnOver(frame.size) ? head() : undefined
    const current = this.#writing
    const start = first?.size ?? 0
    const block = this.#room(start + frame.size)
    if (first !== undefined) this.#previous = first.write(block, 0, { segment: current.number, previous: this.#previous }).crc
    const { crc, links } = frame.write(block, start, { segment: current.number, previous: this.#previous })
    await current.file.writeAt(current.offset, block)
    await current.file.sync()
    this.#previous = crc
    current.offset += block.length
    current.highest = Math.max(current.highest, last)
    this.#prepareAhead()
    return links
  }

  /** The same memory each time: a write has ended before the next begins. */
  #room(bytes: number): Uint8Array {
    if (bytes > stepBytes) return new Uint8Array(bytes)
    if (bytes > this.#memory.length) this.#memory = new Uint8Array(2 ** Math.ceil(Math.log2(bytes)))
    return this.#memory.subarray(0, bytes)
  }

  get #writing(): OpenSegment {
    if (this.#current === undefined) throw new Error('the log is not begun')
    return this.#current
  }

  /** Whether a new segment begins. */
  #turnOver(bytes: number): boolean {
    const { number, highest, file, capacity, offset } = this.#writing
    const next = this.#next
    if (next === undefined || offset + bytes <= capacity) return false
    this.#old.push({ number, highest })
    this.#current = next
    this.#next = undefined
    this.#prepareAt = 0
    this.#closing = this.#closing.then(() => file.close())
    return true
  }

  #prepareAhead(): void {
    const { capacity, offset, number } = this.#writing
    if (this.#next !== undefined || this.#preparing !== undefined || offset < Math.max(capacity / 2, this.#prepareAt)) return
    this.#preparing = this.#prepare(number + 1, Math.min(2 * capacity, this.#bytes.most)).then(
      next => {
        this.#next = next
        this.#preparing = undefined
      },
      () => {
        // Nobody needs it yet. A disk that is full or broken says so at the next save, or has room again.
        this.#prepareAt = offset + capacity / 4
        this.#preparing = undefined
      },
    )
  }

  /** Its name is on disk before anything is written to it: an old file must not come back under its old name with new bytes in it. */
  async #prepare(number: number, capacity: number): Promise<OpenSegment> {
    const path = this.#path(number)
    await this.#closing
    const spare = this.#spares.pop()
    if (spare !== undefined) await this.#files.rename(this.#path(spare), path)
    const file = await this.#files.create(path)
    try {
      const size = await file.size()
      if (size < capacity) {
        await this.#requireRoom(capacity - size)
        // At once it would hold up the flushes of the log as long as it takes.
        await fillWithZeros(file, size, capacity, () => file.sync())
      }
      await this.#files.syncFolder(this.#folder)
      return { number, file, capacity: Math.max(size, capacity), offset: 0, highest: 0 }
    } catch (error) {
      await file.close()
      await this.#files.remove(path) // its place may be all that is left for the current one to grow
      throw error
    }
  }

  async #requireRoom(bytes: number): Promise<void> {
    if ((await this.#files.freeBytes(this.#folder)) < 2 * bytes) throw new Error('the disk has too little room for a segment ahead of need')
  }

  /** Segments that hold no entry above `index`, from the oldest on. */
  async forget(index: Index): Promise<void> {
    while ((this.#old[0]?.highest ?? Number.POSITIVE_INFINITY) <= index) this.#spares.push((this.#old.shift() as Segment).number)
    while (this.#spares.length > sparesKept) await this.#files.remove(this.#path(this.#spares.shift() as number))
  }

  async close(): Promise<void> {
    await this.#preparing
    await this.#closing
    await this.#current?.file.close()
    await this.#next?.file.close()
    this.#current = undefined
    this.#next = undefined
  }
}

/** Compared as a whole: to look at each byte of a segment takes longer than to read it. */
const zeros = new Uint8Array(stepBytes)

/** Writes only what is not zero yet. */
async function fillWithZeros(file: OpenFile, from: number, to: number, written = async () => {}): Promise<void> {
  for (let at = from; at < to; at += stepBytes) {
    const length = Math.min(stepBytes, to - at)
    const there = await file.readAt(at, length)
    const none = zeros.subarray(0, length)
    if (Buffer.compare(there, none) === 0) continue
    await file.writeAt(at, none)
    await written()
  }
}
