import { crc32 } from 'node:zlib'
import type { MessageOf } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { SnapshotMeta } from '../ports.ts'
import type { Channel, ChannelEvents } from './channel.ts'
import { encodeSnapshotHeader } from './codec.ts'
import type { TransportContext } from './context.ts'
import { dial } from './dial.ts'
import { frameType } from './frame.ts'
import { decodeFailure } from './request-frames.ts'
import { notConnected } from './requests.ts'
import { attempt, packTuple } from './tuple.ts'

export type SnapshotShipment = {
  readonly message: MessageOf<'installSnapshot'>
  readonly meta: SnapshotMeta
  readonly data: AsyncIterable<Uint8Array>
}

const chunkBytesMax = 256 * 1024

/**
 * Sends one snapshot on a connection of its own, so that gigabytes never stand in the way of a heartbeat:
 * header, chunks, end with size and checksum; then the receiver says that it holds it, or why not.
 */
export class OutgoingSnapshot {
  readonly to: string
  /** Settles once, whatever happens. */
  readonly done: Promise<void>
  readonly #channel: Channel

  constructor(context: TransportContext, address: string, shipment: SnapshotShipment) {
    const { promise, resolve, reject } = deferred()
    this.to = shipment.message.to
    this.done = promise
    this.#channel = dial(
      context,
      { id: this.to, address, purpose: 'snapshot' },
      {
        failed: () => reject(notConnected(this.to)),
        connected: () => {
          ship(this.#channel, shipment).catch(reject)
          return this.#awaitVerdict(context, resolve, reject)
        },
      },
    )
    // However it ends, the connection has done its work.
    const close = () => this.#channel.close()
    promise.then(close, close)
  }

  abort(): void {
    this.#channel.close()
  }

  #awaitVerdict(context: TransportContext, resolve: () => void, reject: (error: unknown) => void): ChannelEvents {
    const corrupt = () => {
      context.counts.corrupt++
      this.#channel.close()
    }
    return {
      frame: ({ type, payload }) => {
        const failure = type === frameType.failure ? attempt(() => decodeFailure(payload)) : undefined
        if (type === frameType.received) resolve()
        else if (failure === undefined || failure instanceof RaftError) corrupt()
        else reject(failure.error)
      },
      fault: corrupt,
      closed: () =>
        reject(new RaftError('CONNECTION_LOST', `The connection to ${this.to} broke while it received a snapshot. It will be sent again.`)),
    }
  }
}

async function ship(channel: Channel, { message, meta, data }: SnapshotShipment): Promise<void> {
  channel.write(frameType.snapshot, encodeSnapshotHeader(message, meta))
  let size = 0
  let checksum = 0
  for await (const piece of data) {
    for (let at = 0; at < piece.length; at += chunkBytesMax) {
      const chunk = piece.subarray(at, at + chunkBytesMax)
      size += chunk.length
      checksum = crc32(chunk, checksum)
      channel.write(frameType.chunk, chunk)
      await channel.drained()
      if (!channel.isOpen) return // leaving the loop also ends the source
    }
  }
  channel.write(frameType.end, packTuple([size, checksum]))
}

function deferred() {
  let resolve: () => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<void>((resolvePromise, rejectPromise) => {
    resolve = resolvePromise
    reject = rejectPromise
  })
  return { promise, resolve, reject }
}
