import type { Index, Message, MessageOf, NodeId, Raft } from 'raft-core'
import { RaftError } from './errors.ts'
import type { Clock, Ports, SnapshotData, SnapshotMeta, SnapshotStore, Transport } from './ports.ts'
import type { Settings } from './settings.ts'
import { SnapshotArrival } from './snapshot-arrival.ts'
import { throttled } from './throttle.ts'

/** Puts something into the core. */
type Input = (run: () => void) => void

/** Sends snapshots beside the core's messages, which only announce them. Never two at once to one peer. */
export class SnapshotSender {
  readonly #raft: Raft
  readonly #store: SnapshotStore
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #settings: Pick<Settings, 'snapshotBytesPerSecond'>
  readonly #input: Input
  readonly #sending = new Set<NodeId>()

  constructor(
    raft: Raft,
    ports: Pick<Ports<never>, 'snapshotStore' | 'transport' | 'clock'>,
    settings: Pick<Settings, 'snapshotBytesPerSecond'>,
    input: Input,
  ) {
    this.#raft = raft
    this.#store = ports.snapshotStore
    this.#transport = ports.transport
    this.#clock = ports.clock
    this.#settings = settings
    this.#input = input
  }

  send(message: MessageOf<'installSnapshot'>): void {
    // The end of the one under way is reported, too, and the core then looks again.
    if (this.#sending.has(message.to)) return
    this.#sending.add(message.to)
    void this.#deliver(message)
  }

  async #deliver(message: MessageOf<'installSnapshot'>): Promise<void> {
    const outcome = await this.#transfer(message).then(
      () => 'received' as const,
      () => 'failed' as const,
    )
    this.#sending.delete(message.to)
    this.#input(() => this.#raft.reportSnapshot(message.to, outcome))
  }

  async #transfer(message: MessageOf<'installSnapshot'>): Promise<void> {
    const { index, term } = message.snapshot
    const meta = (await this.#store.list()).find(held => held.index === index && held.term === term)
    if (meta === undefined) throw new RaftError('CORRUPT', `snapshot ${index} is not in the store any more`)
    await this.#transport.sendSnapshot(message, meta, from => this.#paced(this.#store.read(meta, from, { lent: true })))
  }

  #paced(data: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    const { snapshotBytesPerSecond } = this.#settings
    return snapshotBytesPerSecond === Number.POSITIVE_INFINITY ? data : throttled(data, this.#clock, snapshotBytesPerSecond)
  }
}

type Write = (meta: SnapshotMeta, data: AsyncIterable<Uint8Array>) => Promise<SnapshotMeta>

/** Takes snapshots in: first to disk, then the message into the core, which decides whether the node wants it. */
export class SnapshotReceiver {
  readonly #raft: Raft
  readonly #write: Write
  readonly #clock: Clock
  readonly #input: Input
  readonly #received = new Map<Index, SnapshotMeta>()
  #arrival: SnapshotArrival | undefined

  constructor(raft: Raft, clock: Clock, write: Write, input: Input) {
    this.#raft = raft
    this.#clock = clock
    this.#write = write
    this.#input = input
  }

  async receive(message: Message, meta: SnapshotMeta, data: SnapshotData): Promise<void> {
    if (message.type !== 'installSnapshot' || message.snapshot.index !== meta.index || message.snapshot.term !== meta.term) {
      throw new RaftError('INVALID_ARGUMENT', 'a snapshot came with a message that does not announce it')
    }
    if (this.#isWanted(message)) {
      const written = await this.#arrivalOf(meta).goOn(data)
      if (this.#isWanted(message)) this.#received.set(written.index, written)
    }
    this.#step(message, meta)
  }

  /** The node wants to write a snapshot of its own, and does not wait for a connection that may never come again. */
  giveWay(): void {
    this.#arrival?.giveWay()
  }

  stop(): void {
    this.#arrival?.giveUp('the node stops')
  }

  /** The one that an earlier connection has brought a part of, or a new one in its place. */
  #arrivalOf(meta: SnapshotMeta): SnapshotArrival {
    if (this.#arrival?.isOf(meta)) return this.#arrival
    this.#arrival?.giveUp('another one came')
    const arrival = new SnapshotArrival(meta, this.#clock, data => this.#write(meta, data))
    this.#arrival = arrival
    const ended = () => {
      if (this.#arrival === arrival) this.#arrival = undefined
    }
    arrival.written.then(ended, ended)
    return arrival
  }

  /** What is known of a snapshot that the core has taken. */
  metaOf(index: Index): SnapshotMeta {
    const meta = this.#received.get(index)
    if (meta === undefined) throw new Error(`snapshot ${index} goes into the log, but was not received`)
    return meta
  }

  /** This one became the state; whatever the core did not want before it is of no interest any more. */
  installed(upTo: Index): void {
    for (const index of this.#received.keys()) if (index <= upTo) this.#received.delete(index)
  }

  /** Useless ones are not worth the disk; the core still sees the message, and answers how far this node is. */
  #isWanted({ term, snapshot }: MessageOf<'installSnapshot'>): boolean {
    return term >= this.#raft.term && snapshot.index > this.#raft.commit
  }

  /**
   * The announcement does not say which entry made the membership, the snapshot does. Without that the core would take the snapshot's
   * own index for it, and this node, once it leads, would find every change of the membership out of date.
   */
  #step(message: MessageOf<'installSnapshot'>, { membershipIndex }: SnapshotMeta): void {
    this.#input(() => this.#raft.step({ ...message, snapshot: { ...message.snapshot, membershipIndex } }))
  }
}
