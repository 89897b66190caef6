import { Bell } from './bell.ts'
import { RaftError } from './errors.ts'
import type { Clock, SnapshotData, SnapshotMeta, Timer } from './ports.ts'

/** So long a part of a snapshot lies on the disk and waits for the rest. */
const patienceMs = 60_000

/**
 * A snapshot on its way in, over as many connections as it takes: each goes on where the one before broke off, and whoever writes it to
 * the disk sees one stream. It ends when all is durable, when it is given up, or when nothing comes for a minute. Whether the parts make
 * the snapshot that was announced is for the store to say, which compares the checksum of the whole.
 */
export class SnapshotArrival {
  /** Settles once: all of it is durable, or there is nothing of it. */
  readonly written: Promise<SnapshotMeta>
  readonly #meta: SnapshotMeta
  readonly #clock: Clock
  /** Rung when the chunk that waits has come or gone, and when nothing more will come. */
  readonly #bell: Bell
  /** What has come, with the chunk that waits. */
  #bytes = 0
  #chunk: Uint8Array | undefined
  /** Only the newest connection brings anything. */
  #connection = 0
  #isFed = false
  #isInTheWay = false
  #givenUp: RaftError | undefined
  #timer: Timer | undefined

  constructor(meta: SnapshotMeta, clock: Clock, write: (data: AsyncIterable<Uint8Array>) => Promise<SnapshotMeta>) {
    this.#meta = meta
    this.#clock = clock
    this.#bell = new Bell(clock)
    this.written = write(this.#data())
    const ended = () => this.giveUp('nothing more of it is wanted')
    this.written.then(ended, ended)
  }

  /** Byte for byte, not only the same position: members may write down the same state in different ways. */
  isOf({ term, index, chain, size, checksum }: SnapshotMeta): boolean {
    const { term: ownTerm, index: ownIndex, chain: ownChain, size: ownSize, checksum: ownChecksum } = this.#meta
    return term === ownTerm && index === ownIndex && chain === ownChain && size === ownSize && checksum === ownChecksum
  }

  /** Takes in what is missing. Rejects if this connection breaks, or another one goes on; what has come is kept. */
  async goOn(data: SnapshotData): Promise<SnapshotMeta> {
    await Promise.race([this.#feed(++this.#connection, data), this.written])
    return this.written
  }

  /** Somebody else wants to write: it may end while there is a connection, and is not kept for another. */
  giveWay(): void {
    this.#isInTheWay = true
    if (!this.#isFed) this.#rest()
  }

  giveUp(why: string): void {
    this.#timer?.cancel()
    this.#givenUp ??= new RaftError('CONNECTION_LOST', `The part of the snapshot at ${this.#meta.index} that had come is dropped: ${why}.`)
    this.#bell.ring()
  }

  async #feed(connection: number, data: SnapshotData): Promise<void> {
    this.#timer?.cancel()
    this.#isFed = true
    this.#bell.ring()
    try {
      for await (const chunk of data(this.#bytes)) {
        await this.#room(connection)
        this.#chunk = chunk
        this.#bytes += chunk.length
        this.#bell.ring()
      }
    } finally {
      if (connection === this.#connection) this.#rest()
    }
  }

  async #room(connection: number): Promise<void> {
    for (;;) {
      if (this.#givenUp !== undefined) throw this.#givenUp
      if (connection !== this.#connection) throw new RaftError('CONNECTION_LOST', 'another connection goes on with this snapshot')
      if (this.#chunk === undefined) return
      await this.#bell.next(undefined)
    }
  }

  /** Nobody brings more of it at present. */
  #rest(): void {
    this.#isFed = false
    if (this.#givenUp !== undefined || this.#bytes >= this.#meta.size) return
    if (this.#isInTheWay) this.giveUp('the node has others to write')
    else this.#timer = this.#clock.after(patienceMs, () => this.giveUp('the rest did not come'))
  }

  async *#data(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (this.#givenUp !== undefined) throw this.#givenUp
      const chunk = this.#chunk
      if (chunk !== undefined) {
        this.#chunk = undefined
        this.#bell.ring()
        yield chunk
      } else if (this.#bytes >= this.#meta.size) return
      else await this.#bell.next(undefined)
    }
  }
}
