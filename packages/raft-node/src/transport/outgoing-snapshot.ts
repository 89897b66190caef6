import type { MessageOf } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { SnapshotData, SnapshotMeta } from '../ports.ts'
import type { Channel, ChannelEvents } from './channel.ts'
import { encodeSnapshotHeader } from './codec.ts'
import type { TransportContext } from './context.ts'
import { dial } from './dial.ts'
import { frameType } from './frame.ts'
import { decodeFailure } from './request-frames.ts'
import { notConnected } from './requests.ts'
import { attempt, corrupt, unpackTuple } from './tuple.ts'

export type SnapshotShipment = {
  readonly message: MessageOf<'installSnapshot'>
  readonly meta: SnapshotMeta
  readonly data: SnapshotData
}

const chunkBytesMax = 256 * 1024

/**
 * Sends one snapshot on a connection of its own, so that gigabytes never stand in the way of a heartbeat:
 * header; the receiver says how much of it is there already; the rest in chunks; then the receiver says that it holds it, or why not.
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
          this.#channel.write(frameType.snapshot, encodeSnapshotHeader(shipment.message, shipment.meta))
          return this.#converse(context, shipment, { resolve, reject })
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

  #converse(context: TransportContext, shipment: SnapshotShipment, { resolve, reject }: Settle): ChannelEvents {
    let isAsked = false
    const garbled = () => {
      context.counts.corrupt++
      this.#channel.close()
    }
    const ask = (payload: Buffer) => {
      const from = isAsked ? corrupt('one request for the rest') : attempt(() => readRest(payload, shipment.meta.size))
      isAsked = true
      if (from instanceof RaftError) garbled()
      else ship(this.#channel, shipment, from).catch(reject)
    }
    return {
      frame: ({ type, payload }) => {
        if (type === frameType.rest) return ask(payload)
        const failure = type === frameType.failure ? attempt(() => decodeFailure(payload)) : undefined
        if (type === frameType.received) resolve()
        else if (failure === undefined || failure instanceof RaftError) garbled()
        else reject(failure.error)
      },
      fault: garbled,
      closed: () =>
        reject(
          new RaftError('CONNECTION_LOST', `The connection to ${this.to} broke while it received a snapshot. The rest will be sent again.`),
        ),
    }
  }
}

async function ship(channel: Channel, { meta, data }: SnapshotShipment, from: number): Promise<void> {
  let sent = from
  for await (const piece of data(from)) {
    for (let at = 0; at < piece.length; at += chunkBytesMax) {
      const chunk = piece.subarray(at, at + chunkBytesMax)
      sent += chunk.length
      const isTaken = await channel.writeLong(frameType.chunk, chunk)
      if (!isTaken) return // leaving the loop also ends the source
    }
  }
  if (sent !== meta.size) throw new RaftError('CORRUPT', `The snapshot has ${sent} bytes of data, and was announced with ${meta.size}.`)
}

/** How many bytes of the snapshot the other side has already. */
function readRest(payload: Buffer, size: number): number {
  const reader = unpackTuple(payload)
  const from = reader.integer()
  reader.end()
  if (from > size) throw corrupt('no more than there is')
  return from
}

type Settle = { readonly resolve: () => void; readonly reject: (error: unknown) => void }

function deferred() {
  let resolve: Settle['resolve'] = () => {}
  let reject: Settle['reject'] = () => {}
  const promise = new Promise<void>((resolvePromise, rejectPromise) => {
    resolve = resolvePromise
    reject = rejectPromise
  })
  return { promise, resolve, reject }
}
