import { crc32 } from 'node:zlib'
import type { Entry, HardState, Index, Position } from 'raft-core'
import { RaftError } from '../../src/errors.ts'
import type {
  Clock,
  Identity,
  LogBatch,
  LogDamage,
  LogState,
  LogStore,
  SnapshotHead,
  SnapshotMeta,
  SnapshotStore,
} from '../../src/ports.ts'
import type { Storage } from '../../src/real-ports.ts'
import { DiskReserve } from '../../src/storage/disk-reserve.ts'
import type { Files, OpenFile } from '../../src/storage/files.ts'

const saveMs = 2

type Base = { readonly position: Position; readonly chain: number }

/** One node's folder. Stores made from it share what is durable; `crash` leaves earlier stores without effect. */
export class MemoryDisk {
  readonly clock: Clock
  identity: Identity | undefined
  hardState: HardState = { term: 0, vote: undefined, commit: 0 }
  base: Base = { position: { term: 0, index: 0 }, chain: 0 }
  entries: Entry[] = []
  /** What reading a snapshot fails with, at once or at its end, and what writing one does before it has read anything. */
  readFailure: Error | undefined
  endFailure: Error | undefined
  writeFailure: Error | undefined
  /** What removing old ones fails with. */
  keepFailure: Error | undefined
  snapshots: { readonly meta: SnapshotMeta; readonly chunks: readonly Uint8Array[] }[] = []
  /** What the next saves do: nothing special, fail, or never end. */
  mode: 'works' | 'fails' | 'hangs' = 'works'
  saves: LogBatch[] = []
  /** The log is damaged: found out at the next start. */
  damage: string | undefined
  repairing = false
  /** Bytes that are left on the disk, and what its reserve holds and should hold. */
  free = Number.POSITIVE_INFINITY
  reserved = 0
  reserveBytes = 1_000
  life = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  crash(): void {
    this.life += 1
  }

  emptied(): MemoryDisk {
    this.identity = undefined
    this.hardState = { term: 0, vote: undefined, commit: 0 }
    this.base = { position: { term: 0, index: 0 }, chain: 0 }
    this.entries = []
    this.snapshots = []
    return this
  }

  stores(): Storage {
    const reserve = new DiskReserve({ files: this.#files, folder: '', bytes: this.reserveBytes })
    return { logStore: new MemoryLogStore(this), snapshotStore: new MemorySnapshotStore(this), reserve }
  }

  /** Only the reserve lies in files here, and only its size counts. */
  get #files(): Files {
    const disk = this
    const file: OpenFile = {
      size: async () => this.reserved,
      close: async () => {},
      async writeAt(offset, bytes) {
        const growth = offset + bytes.length - disk.reserved
        if (growth > disk.free) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
        disk.free -= growth
        disk.reserved += growth
      },
      readAt: async () => new Uint8Array(0),
      truncate: async () => {},
      sync: async () => {},
    }
    return {
      open: async () => (this.reserved > 0 ? file : undefined),
      create: async () => file,
      async remove() {
        disk.free += disk.reserved
        disk.reserved = 0
      },
      freeBytes: async () => this.free,
      rename: async () => {},
      list: async () => [],
      makeFolder: async () => {},
      syncFolder: async () => {},
      lock: async () => ({ release: async () => {} }),
    }
  }

  pause(ms: number): Promise<void> {
    return new Promise(resolve => this.clock.after(ms, resolve))
  }
}

class MemoryLogStore implements LogStore {
  readonly #disk: MemoryDisk
  readonly #life: number

  constructor(disk: MemoryDisk) {
    this.#disk = disk
    this.#life = disk.life
  }

  async open(): Promise<{ identity: Identity | undefined; state: LogState; damage?: LogDamage | undefined }> {
    const { identity, damage, repairing } = this.#disk
    const reason = damage ?? (repairing ? 'a repair was begun' : undefined)
    return { identity, state: this.#state(), damage: reason === undefined ? undefined : { reason, isRepairing: repairing } }
  }

  async beginRepair(): Promise<LogState> {
    await this.#wait()
    const disk = this.#disk
    disk.damage = undefined
    disk.repairing = true
    disk.hardState = { ...disk.hardState, commit: 0 }
    disk.base = { position: { term: 0, index: 0 }, chain: 0 }
    disk.entries = []
    return this.#state()
  }

  #state(): LogState {
    const { hardState, base, entries } = this.#disk
    return { hardState, base: base.position, baseChain: base.chain, entries: [...entries] }
  }

  async initialize(identity: Identity): Promise<void> {
    await this.#wait()
    this.#disk.identity = identity
  }

  async save(batch: LogBatch): Promise<void> {
    await this.#wait()
    const disk = this.#disk
    if (disk.mode === 'fails') throw new RaftError('STORAGE_FAILED', 'the disk is broken')
    if (disk.mode === 'hangs') await new Promise(() => {})
    disk.saves.push(batch)
    if (batch.repaired) disk.repairing = false
    if (batch.hardState !== undefined) disk.hardState = batch.hardState
    if (batch.resetTo !== undefined) {
      disk.base = batch.resetTo
      disk.entries = []
    }
    const [first] = batch.entries
    if (first === undefined) return
    const kept = disk.entries.filter(entry => entry.index < first.index)
    const before = kept.at(-1)?.index ?? disk.base.position.index
    if (first.index !== before + 1) throw new Error(`a gap: ${first.index} after ${before}`)
    disk.entries = [...kept, ...batch.entries]
  }

  async compact(index: Index): Promise<void> {
    await this.#wait()
    if (this.#disk.mode === 'hangs') await new Promise(() => {})
    const chain = this.chainAt(index)
    const entry = this.#disk.entries.find(each => each.index === index)
    if (chain === undefined || entry === undefined) return
    this.#disk.base = { position: { term: entry.term, index }, chain }
    this.#disk.entries = this.#disk.entries.filter(each => each.index > index)
  }

  /** Not a hash: enough to see that it is carried along. */
  chainAt(index: Index): number | undefined {
    const { base, entries } = this.#disk
    if (index === base.position.index) return base.chain
    return entries.some(entry => entry.index === index) ? index * 7 : undefined
  }

  async close(): Promise<void> {}

  async #wait(): Promise<void> {
    await this.#disk.pause(saveMs)
    if (this.#disk.life !== this.#life) await new Promise(() => {}) // the process is gone
  }
}

class MemorySnapshotStore implements SnapshotStore {
  readonly #disk: MemoryDisk
  readonly #life: number

  constructor(disk: MemoryDisk) {
    this.#disk = disk
    this.#life = disk.life
  }

  async list(): Promise<readonly SnapshotMeta[]> {
    return this.#disk.snapshots.map(({ meta }) => meta).sort((a, b) => b.index - a.index)
  }

  async write(meta: SnapshotHead | SnapshotMeta, data: AsyncIterable<Uint8Array>): Promise<SnapshotMeta> {
    if (this.#disk.writeFailure !== undefined) throw this.#disk.writeFailure
    const chunks: Uint8Array[] = []
    for await (const chunk of data) chunks.push(chunk)
    await this.#disk.pause(saveMs)
    if (this.#disk.life !== this.#life) await new Promise(() => {})
    const all = Buffer.concat(chunks)
    const whole = { ...meta, size: all.length, checksum: crc32(all) }
    if ('checksum' in meta && meta.checksum !== whole.checksum) throw new RaftError('CORRUPT', 'not what was announced')
    this.#disk.snapshots = [...this.#disk.snapshots.filter(held => held.meta.index !== meta.index), { meta: whole, chunks }]
    return whole
  }

  async *read(meta: SnapshotMeta, from = 0): AsyncIterable<Uint8Array> {
    await this.#disk.pause(1)
    const held = this.#disk.snapshots.find(each => each.meta.index === meta.index)
    if (held === undefined) throw new RaftError('CORRUPT', 'the snapshot is gone')
    if (this.#disk.readFailure !== undefined) throw this.#disk.readFailure
    const all = Buffer.concat(held.chunks)
    if (crc32(all) !== meta.checksum) throw new RaftError('CORRUPT', 'the snapshot fails its checksum')
    yield all.subarray(from)
    if (this.#disk.endFailure !== undefined) throw this.#disk.endFailure
  }

  async keep(count: number, upTo = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#disk.keepFailure !== undefined) throw this.#disk.keepFailure
    const counted = (await this.list()).map(({ index }) => index).filter(index => index <= upTo)
    const removed = counted.slice(count)
    this.#disk.snapshots = this.#disk.snapshots.filter(({ meta }) => !removed.includes(meta.index))
  }
}
