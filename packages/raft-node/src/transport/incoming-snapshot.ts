import { crc32 } from 'node:zlib'
import { RaftError } from '../errors.ts'
import type { Channel, ChannelEvents } from './channel.ts'
import { ChunkQueue } from './chunk-queue.ts'
import { decodeSnapshotHeader } from './codec.ts'
import type { TransportContext } from './context.ts'
import { type Frame, frameType } from './frame.ts'
import type { PairIds } from './messages.ts'
import { encodeFailure } from './request-frames.ts'
import { attempt, packTuple, unpackTuple } from './tuple.ts'

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
  #announced: { readonly size: number } | undefined
  #size = 0
  #checksum = 0

  constructor(context: TransportContext, channel: Channel, ids: PairIds) {
    this.#context = context
    this.#channel = channel
    this.#ids = ids
    this.#data = new ChunkQueue(channel)
  }

  receive({ type, payload }: Frame): void {
    if (type === frameType.snapshot && this.#announced === undefined) this.#begin(payload)
    else if (type === frameType.chunk && this.#announced !== undefined) this.#append(payload)
    else if (type === frameType.end && this.#announced !== undefined) this.#end(payload)
    else this.corrupt()
  }

  corrupt(): void {
    this.#context.counts.corrupt++
    this.#channel.close()
  }

  closed(): void {
    this.#data.fail(
      new RaftError('CONNECTION_LOST', `The connection to ${this.#ids.peer} broke while it sent a snapshot. It will be sent again.`),
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
    this.#announced = { size: meta.size }
    void this.#hand(() => this.#context.events.snapshot(message.from, message, meta, this.#data))
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

  #append(chunk: Buffer): void {
    this.#size += chunk.length
    this.#checksum = crc32(chunk, this.#checksum)
    // A copy: whoever keeps a small chunk would keep the socket's whole buffer.
    this.#data.push(new Uint8Array(chunk))
  }

  #end(payload: Buffer): void {
    const end = attempt(() => readEnd(payload))
    if (end instanceof RaftError) {
      this.corrupt()
      return
    }
    const isWhole = end.size === this.#size && end.checksum === this.#checksum && end.size === this.#announced?.size
    if (isWhole) this.#data.end()
    else
      this.#data.fail(
        new RaftError('CORRUPT', `The snapshot from ${this.#ids.peer} does not match its checksum or size. It will be sent again.`),
      )
  }
}

function readEnd(payload: Buffer): { readonly size: number; readonly checksum: number } {
  const reader = unpackTuple(payload)
  const end = { size: reader.integer(), checksum: reader.integer() }
  reader.end()
  return end
}
