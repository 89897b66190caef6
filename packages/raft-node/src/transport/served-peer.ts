import type { NodeId } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { Channel, ChannelEvents } from './channel.ts'
import { decodeMessage } from './codec.ts'
import { reportRefusal, type TransportContext } from './context.ts'
import { type Frame, frameType } from './frame.ts'
import { decodeRefusal } from './handshake.ts'
import { decodeBody, encodeBody, encodeFailure, type RequestBody } from './request-frames.ts'
import { attempt } from './tuple.ts'

/** A request holds memory until it is answered; a peer that asks faster than it is answered is told so. */
const requestsMax = 4_096

export type ServedIds = { readonly own: NodeId; readonly peer: NodeId }

/** Serves the connection that a peer has dialled: its messages, and answers to its requests. */
export function servePeer(context: TransportContext, channel: Channel, ids: ServedIds): ChannelEvents {
  const peer = new ServedPeer(context, channel, ids)
  return { frame: frame => peer.receive(frame), fault: () => peer.corrupt(), closed: () => {} }
}

class ServedPeer {
  readonly #context: TransportContext
  readonly #channel: Channel
  readonly #ids: ServedIds
  #answering = 0

  constructor(context: TransportContext, channel: Channel, ids: ServedIds) {
    this.#context = context
    this.#channel = channel
    this.#ids = ids
  }

  receive({ type, payload }: Frame): void {
    if (type === frameType.message) this.#message(payload)
    else if (type === frameType.request) this.#request(payload)
    else if (type === frameType.refusal) this.#refused(payload)
    else this.corrupt()
  }

  corrupt(): void {
    this.#context.counts.corrupt++
    this.#channel.close()
  }

  #message(payload: Buffer): void {
    const message = attempt(() => decodeMessage(payload))
    if (message instanceof RaftError) {
      this.corrupt()
      return
    }
    // A member speaks for itself only, and only to this node.
    const isAddressed = message.from === this.#ids.peer && message.to === this.#ids.own
    if (isAddressed) this.#context.events.message(message.from, message)
    else this.#context.counts.misaddressed++
  }

  #request(payload: Buffer): void {
    const request = attempt(() => decodeBody(payload))
    if (request instanceof RaftError) this.corrupt()
    else if (this.#answering < requestsMax) void this.#answer(request)
    else this.#fail(request.id, new RaftError('OVERLOADED', 'Too many requests wait for an answer on this node. Try again later.'))
  }

  async #answer({ id, body }: RequestBody): Promise<void> {
    this.#answering++
    try {
      this.#reply(id, await this.#context.events.request(this.#ids.peer, body))
    } catch (error) {
      this.#fail(id, error)
    }
    this.#answering--
  }

  #reply(id: number, body: Uint8Array): void {
    const payload = encodeBody({ id, body })
    if (payload.length <= this.#context.settings.maxFrameBytes) this.#channel.write(frameType.answer, payload)
    else
      this.#fail(id, new RaftError('ABORTED', `The answer of ${payload.length} bytes is longer than a frame may be. Ask for less at once.`))
    this.#closeIfNobodyReads()
  }

  #fail(id: number, error: unknown): void {
    this.#channel.write(frameType.failure, encodeFailure(id, error))
    this.#closeIfNobodyReads()
  }

  /** Answers cannot be dropped one by one, so one who asks and does not read loses the connection. */
  #closeIfNobodyReads(): void {
    if (this.#channel.queuedBytes > this.#context.settings.maxQueueBytes) this.#channel.close()
  }

  /** The dialler has looked at our Hello and does not want us. */
  #refused(payload: Buffer): void {
    const notice = attempt(() => decodeRefusal(payload))
    if (notice instanceof RaftError) this.corrupt()
    else {
      reportRefusal(this.#context, this.#channel, { ...notice, direction: 'in' })
      this.#channel.close()
    }
  }
}
