import { type Entry, type NodeId, payloadBytes } from 'raft-core'
import type { NodeEvent } from './api.ts'
import type { Engine } from './engine.ts'
import { RaftError } from './errors.ts'
import { encodeRequest } from './peer-requests.ts'
import type { DiskReserve, DiskRoom } from './storage/disk-reserve.ts'
import { successor } from './transfer.ts'

const everyMs = 250
/** Peers are told again meanwhile, and believe it for so long. */
const tellMs = 1_000
const believedMs = 4 * tellMs
/** How much more than the limit must be free before writes go on: else they would stop again at once. */
const enough = 1.25
/** Bytes that an entry takes on disk beside what is in it, at most. */
const entryBytes = 64

/**
 * Looks how much room the data folder has. When there is less than the limit this node takes no proposals, and hands leadership to one
 * that has room; reads go on. What others have proposed it still saves, first into what is left, then into what its reserve gave up; when
 * half of that is used it takes no more entries, so that votes and a shorter log always find a place. All of that ends by itself.
 */
export class SpaceWatch {
  readonly #engine: Engine<unknown>
  readonly #reserve: DiskReserve | undefined
  readonly #emit: (event: NodeEvent) => void
  readonly #fullPeers = new Map<NodeId, number>()
  /** Unknown until the first look has ended. */
  #room: DiskRoom | undefined
  /** Bytes of entries taken since that look, and between it and the one before: some of those were perhaps not written yet. */
  #taken = 0
  #takenBefore = 0
  /** Bytes that the largest message needs for which there was no room although nothing had been taken: while that is so, the disk is full. */
  #refused = 0
  #problem: string | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #toldAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined

  /** `reserve` undefined: nobody can tell how much room there is. */
  constructor(engine: Engine<unknown>, reserve: DiskReserve | undefined, emit: (event: NodeEvent) => void) {
    this.#engine = engine
    this.#reserve = reserve
    this.#emit = emit
  }

  /** Why this node takes no proposals, for people. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Whether these may still go to disk. A message that is not taken is a message lost: its sender tries again. */
  takes(entries: readonly Entry[]): boolean {
    if (this.#reserve === undefined) return true
    if (this.#room === undefined) return false
    const bytes = bytesOf(entries)
    const taken = this.#takenBefore + this.#taken
    if (this.#writable - taken - bytes < this.#reserve.untouchable) {
      if (taken === 0) this.#refused = Math.max(this.#refused, bytes)
      return false
    }
    this.#taken += bytes
    return true
  }

  /** Beside what is kept for the worst. */
  hasRoomFor(bytes: number): boolean {
    return this.#writable >= bytes + (this.#reserve?.needed ?? 0)
  }

  get #writable(): number {
    return this.#room === undefined ? Number.POSITIVE_INFINITY : this.#room.free + this.#room.held
  }

  /** What a peer has said of itself. */
  peerSays(id: NodeId, isFull: boolean): void {
    if (isFull) this.#fullPeers.set(id, this.#engine.ports.clock.now())
    else this.#fullPeers.delete(id)
  }

  isPeerFull(id: NodeId): boolean {
    const at = this.#fullPeers.get(id)
    return at !== undefined && this.#engine.ports.clock.now() - at < believedMs
  }

  /** Throws in place of a proposal. @throws RaftError DISK_FULL; TRANSFERRING while there is somebody with room to lead. */
  checkProposal(): void {
    if (this.#problem === undefined) return this.#checkMajority()
    if (this.#engine.raft.role === 'leader' && this.#heir !== undefined)
      throw new RaftError('TRANSFERRING', 'the disk of the leader is full, and leadership is just being moved: try again in a moment')
    throw new RaftError('DISK_FULL', this.#problem)
  }

  /** Entries that a majority cannot save would only wait. */
  #checkMajority(): void {
    if (this.#fullPeers.size === 0) return
    const { voters, outgoing } = this.#engine.members.membership
    for (const group of [voters, outgoing]) {
      const full = group.filter(id => this.isPeerFull(id))
      if (full.length === 0 || 2 * full.length < group.length) continue
      const help = 'make room there; writes then go on by themselves'
      throw new RaftError('DISK_FULL', `the disks of ${full.join(', ')} are full, so no majority can save what is written: ${help}`)
    }
  }

  /** At the start, for the disk may be full already, and at every tick. */
  tick(): void {
    const now = this.#engine.ports.clock.now()
    if (this.#reserve === undefined || this.#looking !== undefined || now - this.#lookedAt < everyMs) return
    this.#lookedAt = now
    this.#looking = this.#look(this.#reserve).finally(() => {
      this.#looking = undefined
    })
  }

  /** Resolves once nothing is being written any more. */
  async stop(): Promise<void> {
    await this.#looking
  }

  async #look(reserve: DiskReserve): Promise<void> {
    // Before it looks: where it cannot, what has been taken must not add up for ever.
    this.#takenBefore = this.#taken
    this.#taken = 0
    try {
      const room = await reserve.look()
      this.#room = room
      const { minFreeBytes } = this.#engine.settings
      if (this.#writable - reserve.untouchable >= this.#refused) this.#refused = 0
      const isFull = this.#refused > 0 || this.#writable - reserve.needed < minFreeBytes * (this.#problem === undefined ? 1 : enough)
      if (this.#engine.stopped) return
      if (isFull) await this.#full(reserve, room)
      else await this.#roomy(reserve, room)
    } catch {
      this.#room ??= { free: Number.POSITIVE_INFINITY, held: 0 }
      // A folder that cannot be looked at, or a reserve for which there is no room after all: the next look, or the next save, tells.
    }
  }

  async #full(reserve: DiskReserve, { free, held }: DiskRoom): Promise<void> {
    const { minFreeBytes } = this.#engine.settings
    // Early: LevelDB does not try again without the reserve.
    if (held > 0 && free < minFreeBytes / 2 + reserve.burstBytes) await reserve.giveUp()
    const needed = Math.max(minFreeBytes + reserve.needed, reserve.untouchable + this.#refused)
    this.#says(
      `disk full: ${mib(free + held)} MiB are left in ${reserve.folder}, and writes need ${mib(needed)} MiB. Make room ` +
        'there, or give it a larger disk; writes then go on by themselves. Reads do not wait.',
    )
    this.#handOver()
  }

  async #roomy(reserve: DiskReserve, { held }: DiskRoom): Promise<void> {
    if (held < reserve.bytes) await reserve.fill()
    this.#says(undefined)
  }

  #says(problem: string | undefined): void {
    if (this.#engine.stopped) return
    const isNews = (problem === undefined) !== (this.#problem === undefined)
    this.#problem = problem
    if (isNews) this.#emit({ type: 'disk', isFull: problem !== undefined, message: problem ?? 'the disk has room again: writes go on' })
    this.#tellPeers(isNews)
  }

  /** So that nobody hands leadership to a node that could not write, and a leader knows whether a majority can. */
  #tellPeers(isNews: boolean): void {
    const { ports, peers } = this.#engine
    const now = ports.clock.now()
    const isFull = this.#problem !== undefined
    if (!isNews && (!isFull || now - this.#toldAt < tellMs)) return
    this.#toldAt = now
    const body = encodeRequest({ kind: 'diskFull', timeoutMs: tellMs, isFull })
    for (const { id } of peers.known()) {
      if (peers.isConnected(id)) ports.transport.request(id, body, { timeoutMs: tellMs }).catch(() => {}) // told again
    }
  }

  #handOver(): void {
    const { raft } = this.#engine
    const target = this.#heir
    if (raft.role === 'leader' && target !== undefined) this.#engine.input(() => raft.transferLeadership(target))
  }

  /** Who could lead with room to write. */
  get #heir(): NodeId | undefined {
    const best = successor(this.#engine)
    return best === undefined || this.isPeerFull(best) ? undefined : best
  }
}

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0
  for (const entry of entries) bytes += entryBytes + payloadBytes(entry)
  return bytes
}

function mib(bytes: number): number {
  return Math.round(bytes / (1024 * 1024))
}
