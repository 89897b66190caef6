import { RaftError } from '../errors.ts'
import type { Channel, ChannelEvents } from './channel.ts'
import { ChunkQueue } from './chunk-queue.ts'
import { decodeSnapshotHeader } from './codec.ts'
import type { TransportContext } from './context.ts'
import { type Frame, frameType } from './frame.ts'
import type { PairIds } from './messages.ts'
import { encodeFailure } from './request-frames.ts'
import { attempt, packTuple } from './tuple.ts'

/** Takes in the one snapshot that a peer sends on this connection, and says how it went. */
export function receiveSnapshot(context: TransportContext, channel: Channel, ids: PairIds): ChannelEvents {
  const snapshot = new IncomingSnapshot(context, channel, ids)
  return { frame: frame => snapshot.receive(frame), fault: () => snapshot.corrupt(), closed: () => snapshot.closed() }
}

class IncomingSnapshot {
  readonly #context: TransportContext
  readonly #channel: Channel
  readonly #ids: PairIds
  readonly #data: ChunkQueue
  #isAnnounced = false
  /** Bytes that were asked for and have not come. */
  #missing = 0

  constructor(context: TransportContext, channel: Channel, ids: PairIds) {
    this.#context = context
    this.#channel = channel
    this.#ids = ids
    this.#data = new ChunkQueue(channel)
  }

  receive({ type, payload }: Frame): void {
    if (type === frameType.snapshot && !this.#isAnnounced) this.#begin(payload)
    else if (type === frameType.chunk && payload.length <= this.#missing) this.#append(payload)
    else this.corrupt()
  }

  corrupt(): void {
    this.#context.counts.corrupt++
    this.#channel.close()
  }

  closed(): void {
    this.#data.fail(
      new RaftError('CONNECTION_LOST', `The connection to ${this.#ids.peer} broke while it sent a snapshot. The rest will be sent again.`),
    )
  }

  #begin(payload: Buffer): void {
    const header = attempt(() => decodeSnapshotHeader(payload))
    if (header instanceof RaftError) {
      this.corrupt()
      return
    }
    const { message, meta } = header
    if (message.from !== this.#ids.peer || message.to !== this.#ids.own) {
      this.#context.counts.misaddressed++
      this.#channel.close()
      return
    }
    this.#isAnnounced = true
    void this.#hand(() => this.#context.events.snapshot(message.from, message, meta, from => this.#ask(from, meta.size)))
  }

  async #hand(take: () => Promise<void>): Promise<void> {
    try {
      await take()
      this.#channel.finishFrame(frameType.received, packTuple([]))
    } catch (error) {
      this.#channel.finishFrame(frameType.failure, encodeFailure(0, error))
    }
    this.#data.discard()
  }

  #ask(from: number, size: number): AsyncIterable<Uint8Array> {
    this.#missing = size - from
    this.#channel.write(frameType.rest, packTuple([from]))
    if (this.#missing === 0) this.#data.end()
    return this.#data
  }

  #append(chunk: Buffer): void {
    this.#missing -= chunk.length
    // A copy: whoever keeps a small chunk would keep the socket's whole buffer.
    this.#data.push(new Uint8Array(chunk))
    if (this.#missing === 0) this.#data.end()
  }
}
