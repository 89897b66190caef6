import type { NodeId } from 'raft-core'
import type { Clock, Timer } from 'raft-node'
import { RaftError } from 'raft-node'
import type { End, Failure } from './connection.ts'

type Waiting = { readonly timer: Timer; resolve(answer: Uint8Array): void; reject(error: RaftError): void }

/** The requests that wait for an answer on one connection. Each is sent once and ends exactly once. */
export class Requests {
  readonly #peer: NodeId
  readonly #end: End
  readonly #clock: Clock
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  constructor(peer: NodeId, end: End, clock: Clock) {
    this.#peer = peer
    this.#end = end
    this.#clock = clock
  }

  send(body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (!this.#end.isOpen) return Promise.reject(notConnected(this.#peer))
    const id = ++this.#lastId
    this.#end.send({ type: 'request', id, body })
    return new Promise((resolve, reject) => {
      const late = () => this.#take(id)?.reject(new RaftError('TIMED_OUT', `${this.#peer} did not answer within ${timeoutMs} ms`))
      this.#waiting.set(id, { timer: this.#clock.after(timeoutMs, late), resolve, reject })
    })
  }

  answered(id: number, body: Uint8Array): void {
    this.#take(id)?.resolve(body)
  }
  failed(id: number, { code, message, outcome, leader }: Failure): void {
    this.#take(id)?.reject(new RaftError(code, message, { ...(outcome && { outcome }), leader }))
  }
  /** The connection is gone: what was sent may have arrived. */
  lost(): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(connectionLost(this.#peer))
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.timer.cancel()
    return waiting
  }
}

export function notConnected(peer: NodeId): RaftError {
  return new RaftError('CONNECTION_LOST', `there is no connection to ${peer}; nothing was sent`, { outcome: 'not-applied' })
}
export function connectionLost(peer: NodeId): RaftError {
  return new RaftError('CONNECTION_LOST', `the connection to ${peer} broke; what was sent may have arrived`)
}

/** An error on its way to the other side. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof RaftError)) return { code: 'ABORTED', message: String(error) }
  const { code, message, outcome, leader } = error
  return { code, message, outcome, leader }
}
