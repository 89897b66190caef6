import type { NodeId } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { PeerMessage, Timer, TransportEvents } from '../ports.ts'
import type { Channel, ChannelEvents } from './channel.ts'
import { messageFrame } from './codec.ts'
import { reportRefusal, type TransportContext } from './context.ts'
import { dial } from './dial.ts'
import { type Frame, frameType, headerBytes } from './frame.ts'
import { decodeRefusal } from './handshake.ts'
import { deliverMessage } from './messages.ts'
import { Reconnect } from './reconnect.ts'
import { notConnected, Requests } from './requests.ts'
import { attempt } from './tuple.ts'

type State =
  /** What is sent while the connection is made leaves once it stands, or is dropped with it. */
  | { readonly is: 'dialling'; readonly channel: Channel; readonly queue: Buffer[]; queuedBytes: number }
  | { readonly is: 'connected'; readonly channel: Channel; readonly requests: Requests }
  | { readonly is: 'waiting'; readonly timer: Timer }
  | { readonly is: 'closed' }
type PeerState = Parameters<TransportEvents['peer']>[1]

/**
 * This node's own connection to one peer: dialled, kept, dialled again. What the peer has to say comes on the one that it dials, or on
 * this one while it does not know where this node is.
 */
export class PeerConnection {
  readonly id: NodeId
  readonly address: string
  readonly #context: TransportContext
  readonly #reconnect: Reconnect
  #state: State
  #reported: PeerState | undefined

  constructor(context: TransportContext, peer: { readonly id: NodeId; readonly address: string }) {
    this.id = peer.id
    this.address = peer.address
    this.#context = context
    this.#reconnect = new Reconnect(context.settings.clock)
    this.#state = this.#dial()
  }

  send(message: PeerMessage): void {
    const { counts, settings } = this.#context
    const frame = messageFrame(message)
    if (frame.length - headerBytes > settings.maxFrameBytes || !this.#enqueue(frame)) counts.overflowed++
  }

  request(body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (this.#state.is !== 'connected') return Promise.reject(notConnected(this.id))
    return this.#state.requests.send(body, timeoutMs)
  }

  close(): void {
    const state = this.#state
    this.#state = { is: 'closed' }
    if (state.is === 'waiting') state.timer.cancel()
    if (state.is === 'connected') state.requests.lost()
    if (state.is === 'connected' || state.is === 'dialling') state.channel.close()
  }

  /** It has just called: so it is there, and the rest of the backoff need not be waited for. */
  dialNow(): void {
    if (this.#state.is !== 'waiting') return
    this.#state.timer.cancel()
    this.#state = this.#dial()
  }

  /** False: no room. Without a connection in sight the message is lost, as on any network. */
  #enqueue(frame: Buffer): boolean {
    const state = this.#state
    const { maxQueueBytes } = this.#context.settings
    if (state.is === 'connected') {
      if (state.channel.queuedBytes + frame.length > maxQueueBytes) return false
      state.channel.writeFrame(frame)
    } else if (state.is === 'dialling') {
      if (state.queuedBytes + frame.length > maxQueueBytes) return false
      state.queue.push(frame)
      state.queuedBytes += frame.length
    }
    return true
  }

  #dial(): State {
    const target = { id: this.id, address: this.address, purpose: 'messages' } as const
    const channel = dial(this.#context, target, {
      connected: () => this.#connected(channel),
      failed: refused => this.#retry(refused ? 'refused' : 'lost'),
    })
    return { is: 'dialling', channel, queue: [], queuedBytes: 0 }
  }

  #connected(channel: Channel): ChannelEvents {
    const requests = new Requests(this.id, channel, this.#context.settings)
    const ids = { own: this.#context.events.hello().nodeId, peer: this.id }
    if (this.#state.is === 'dialling') {
      for (const frame of this.#state.queue) channel.writeFrame(frame)
      this.#state = { is: 'connected', channel, requests }
      this.#reconnect.connected()
      this.#report('connected')
    }
    return {
      frame: frame => {
        if (frame.type !== frameType.message) this.#receive(frame, channel, requests)
        else if (deliverMessage(this.#context, frame.payload, ids) === 'corrupt') this.#corrupt(channel)
      },
      fault: () => this.#corrupt(channel),
      closed: () => {
        requests.lost()
        this.#retry('lost')
      },
    }
  }

  #receive({ type, payload }: Frame, channel: Channel, requests: Requests): void {
    if (type === frameType.refusal) {
      this.#dismissed(payload, channel)
      return
    }
    const isAnswer = type === frameType.answer || type === frameType.failure
    const error = isAnswer ? attempt(() => requests.settle(type, payload)) : true
    if (error !== undefined) this.#corrupt(channel)
  }

  /** The other side has changed its mind, for example because this node was removed. */
  #dismissed(payload: Buffer, channel: Channel): void {
    const notice = attempt(() => decodeRefusal(payload))
    if (notice instanceof RaftError) {
      this.#corrupt(channel)
      return
    }
    reportRefusal(this.#context, channel, { ...notice, direction: 'out', by: 'them' })
    channel.close()
  }

  #corrupt(channel: Channel): void {
    this.#context.counts.corrupt++
    channel.close()
  }

  #retry(seen: PeerState): void {
    if (this.#state.is === 'closed') return
    const delay = this.#reconnect.failed()
    const timer = this.#context.settings.clock.after(delay, () => {
      this.#state = this.#dial()
    })
    this.#state = { is: 'waiting', timer }
    this.#report(seen)
  }

  /** Only what is new: a peer that is down for an hour is one event, not thousands. */
  #report(state: PeerState): void {
    if (this.#reported === state) return
    this.#reported = state
    this.#context.events.peer(this.id, state)
  }
}
