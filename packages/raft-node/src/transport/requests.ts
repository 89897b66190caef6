import type { NodeId } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { Clock, Timer } from '../ports.ts'
import type { Channel } from './channel.ts'
import { frameType, headerBytes } from './frame.ts'
import { decodeBody, decodeFailure, encodeBody } from './request-frames.ts'

type Waiting = { readonly timer: Timer; resolve(answer: Uint8Array): void; reject(error: RaftError): void }
export type RequestLimits = { readonly clock: Clock; readonly maxQueueBytes: number; readonly maxFrameBytes: number }

/** The requests that wait for an answer on one connection. Each is written once and ends exactly once. */
export class Requests {
  readonly #peer: NodeId
  readonly #channel: Channel
  readonly #limits: RequestLimits
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  constructor(peer: NodeId, channel: Channel, limits: RequestLimits) {
    this.#peer = peer
    this.#channel = channel
    this.#limits = limits
  }

  send(body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const id = ++this.#lastId
    const payload = encodeBody({ id, body })
    const obstacle = this.#obstacle(payload)
    if (obstacle !== undefined) return Promise.reject(obstacle)
    this.#channel.write(frameType.request, payload)
    return new Promise((resolve, reject) => {
      const timer = this.#limits.clock.after(timeoutMs, () => this.#take(id)?.reject(timedOut(this.#peer, timeoutMs)))
      this.#waiting.set(id, { timer, resolve, reject })
    })
  }

  /** Throws RaftError CORRUPT. Answers that nobody waits for any more are ignored. */
  settle(type: number, payload: Buffer): void {
    if (type === frameType.answer) {
      const { id, body } = decodeBody(payload)
      this.#take(id)?.resolve(body)
    } else {
      const { id, error } = decodeFailure(payload)
      this.#take(id)?.reject(error)
    }
  }

  /** The connection is gone: what was written may have arrived. */
  lost(): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(connectionLost(this.#peer))
  }

  #obstacle(payload: Uint8Array): RaftError | undefined {
    if (!this.#channel.isOpen) return notConnected(this.#peer)
    if (payload.length > this.#limits.maxFrameBytes) {
      return new RaftError('INVALID_ARGUMENT', `A request of ${payload.length} bytes is longer than a frame may be. Send less at once.`)
    }
    if (this.#channel.queuedBytes + headerBytes + payload.length > this.#limits.maxQueueBytes) {
      return new RaftError('OVERLOADED', `The queue to ${this.#peer} is full. Try again later.`)
    }
    return undefined
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.timer.cancel()
    return waiting
  }
}

export function notConnected(peer: NodeId): RaftError {
  return new RaftError('CONNECTION_LOST', `There is no connection to ${peer}; nothing was sent. Try again.`, { outcome: 'not-applied' })
}

function connectionLost(peer: NodeId): RaftError {
  return new RaftError('CONNECTION_LOST', `The connection to ${peer} broke before the answer came; the request may have had its effect.`)
}

function timedOut(peer: NodeId, timeoutMs: number): RaftError {
  return new RaftError('TIMED_OUT', `${peer} did not answer within ${timeoutMs} ms; the request may have had its effect.`)
}
