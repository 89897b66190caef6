import { RaftError } from '../errors.ts'
import type { Channel, ChannelEvents } from './channel.ts'
import { reportRefusal, type TransportContext } from './context.ts'
import { type Frame, frameType } from './frame.ts'
import { decodeRefusal } from './handshake.ts'
import { deliverMessage, type PairIds } from './messages.ts'
import { decodeBody, encodeBody, encodeFailure, type RequestBody } from './request-frames.ts'
import { attempt } from './tuple.ts'

/** A request holds memory until it is answered; a peer that asks faster than it is answered is told so. */
const requestsMax = 4_096

/** Serves the connection that a peer has dialled: its messages, and answers to its requests. */
export function servePeer(context: TransportContext, channel: Channel, ids: PairIds): ChannelEvents {
  const peer = new ServedPeer(context, channel, ids)
  return { frame: frame => peer.receive(frame), fault: () => peer.corrupt(), closed: () => {} }
}

class ServedPeer {
  readonly #context: TransportContext
  readonly #channel: Channel
  readonly #ids: PairIds
  #answering = 0

  constructor(context: TransportContext, channel: Channel, ids: PairIds) {
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
    if (deliverMessage(this.#context, payload, this.#ids) === 'corrupt') this.corrupt()
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
      reportRefusal(this.#context, this.#channel, { ...notice, direction: 'in', by: 'them' })
      this.#channel.close()
    }
  }
}
