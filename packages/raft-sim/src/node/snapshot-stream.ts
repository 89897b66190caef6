import type { MessageOf, NodeId } from 'raft-core'
import type { SnapshotData, SnapshotMeta } from 'raft-node'
import { RaftError } from 'raft-node'
import type { End, Frame, Receiver } from './connection.ts'
import type { Dialling } from './peer.ts'
import { connectionLost, failureOf, notConnected } from './requests.ts'
import type { SimTransport } from './transport.ts'

type Shipment = { readonly message: MessageOf<'installSnapshot'>; readonly meta: SnapshotMeta; readonly data: SnapshotData }

/** Chunks that may be under way before the sender waits. */
const windowChunks = 2

/** Sends one snapshot on a connection of its own: header, and as many chunks as are asked for; then the other side says that it holds it, or why not. */
export class SnapshotSending {
  readonly to: NodeId
  /** Settles once, whatever happens. */
  readonly done: Promise<void>
  readonly #chunkBytes: number
  #dialling: Dialling
  #end: End | undefined
  #resolve: () => void = () => {}
  #reject: (error: unknown) => void = () => {}
  /** Called when there is room for more, or nobody to send to. */
  #wake: () => void = () => {}

  constructor(transport: SimTransport, peer: { readonly id: NodeId; readonly address: string }, shipment: Shipment) {
    this.to = peer.id
    this.#chunkBytes = transport.options.chunkBytes
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#dialling = transport.dial(peer, 'snapshot', {
      failed: () => this.#reject(notConnected(this.to)),
      connected: end => {
        this.#end = end
        end.send({ type: 'snapshot', message: shipment.message, meta: shipment.meta })
        return this.#converse(end, shipment)
      },
    })
    const close = () => this.#close()
    this.done.then(close, close)
  }

  abort(): void {
    this.#reject(connectionLost(this.to))
    this.#close()
  }

  #close(): void {
    this.#dialling.cancel()
    this.#end?.close()
    this.#wake()
  }

  #converse(end: End, shipment: Shipment): Receiver {
    return {
      frame: frame => {
        if (frame.type === 'rest') this.#ship(end, shipment.data(frame.from)).catch(error => this.#reject(error))
        else if (frame.type === 'received') this.#resolve()
        else if (frame.type === 'failure') this.#reject(new RaftError(frame.error.code, frame.error.message, { ...frame.error }))
        else if (frame.type === 'room') this.#wake()
        else end.close()
      },
      closed: () => {
        this.#reject(connectionLost(this.to))
        this.#wake()
      },
    }
  }

  async #ship(end: End, data: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const piece of data) {
      for (let at = 0; at < piece.length; at += this.#chunkBytes) {
        const bytes = piece.slice(at, at + this.#chunkBytes)
        end.send({ type: 'chunk', bytes })
        if (end.queued > windowChunks) await new Promise<void>(resolve => (this.#wake = resolve))
        if (!end.isOpen) return // leaving the loop also ends the source
      }
    }
  }
}

/** Takes in the one snapshot that a peer sends on this connection, and says how it went. */
export function receiveSnapshot(transport: SimTransport, end: End, ids: { readonly own: NodeId; readonly peer: NodeId }): Receiver {
  const chunks = new Chunks(() => end.send({ type: 'room' }))
  let announced = false
  let missing = 0
  const ask = (from: number, { size }: SnapshotMeta) => {
    if (from > 0) transport.options.resumed?.()
    missing = size - from
    end.send({ type: 'rest', from })
    if (missing === 0) chunks.end()
    return chunks
  }
  const hand = async (message: MessageOf<'installSnapshot'>, meta: SnapshotMeta) => {
    try {
      await transport.events.snapshot(message.from, message, meta, from => ask(from, meta))
      end.finish({ type: 'received' })
    } catch (error) {
      end.finish({ type: 'failure', id: 0, error: failureOf(error) })
    }
    chunks.discard()
  }
  const take = (frame: Frame) => {
    if (frame.type === 'snapshot' && !announced) {
      const { message, meta } = frame
      if (message.type !== 'installSnapshot' || message.from !== ids.peer || message.to !== ids.own) return end.close()
      announced = true
      void hand(message, meta)
    } else if (frame.type === 'chunk' && frame.bytes.length <= missing) {
      missing -= frame.bytes.length
      chunks.push(frame.bytes)
      if (missing === 0) chunks.end()
    } else end.close()
  }
  return { frame: take, closed: () => chunks.fail(connectionLost(ids.peer)) }
}

/** Between a connection and a slow reader. */
class Chunks implements AsyncIterable<Uint8Array> {
  readonly #taken: () => void
  readonly #chunks: Uint8Array[] = []
  #state: 'open' | 'ended' | 'discarded' | RaftError = 'open'
  #wake: () => void = () => {}

  constructor(taken: () => void) {
    this.#taken = taken
  }

  push(chunk: Uint8Array): void {
    if (this.#state === 'open') this.#chunks.push(chunk)
    this.#wake()
  }
  end(): void {
    this.#finish('ended')
  }
  /** What the reader has not taken yet is dropped: it can only be thrown away. */
  fail(error: RaftError): void {
    this.#finish(error)
  }
  discard(): void {
    this.#finish('discarded')
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (this.#state instanceof RaftError) throw this.#state
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        this.#taken()
        yield chunk
      } else if (this.#state !== 'open') return
      else await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  #finish(state: 'ended' | 'discarded' | RaftError): void {
    if (this.#state === 'open') this.#state = state
    if (this.#state !== 'ended') this.#chunks.length = 0
    this.#wake()
  }
}
