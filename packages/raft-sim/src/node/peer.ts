import type { NodeId } from 'raft-core'
import type { Timer } from 'raft-node'
import { RaftError } from 'raft-node'
import type { End, Frame, Receiver } from './connection.ts'
import { notConnected, Requests } from './requests.ts'
import type { SimTransport } from './transport.ts'

export type Dialled = { connected(end: End): Receiver; failed(refused: boolean): void }
export type Dialling = { cancel(): void }
type PeerState = 'connected' | 'lost' | 'refused'

/** A connection that lasted so long was a good one. */
const goodAfterRedials = 20

/** The connection to one peer: dialled, kept, dialled again. */
export class Peer {
  readonly id: NodeId
  readonly address: string
  readonly #transport: SimTransport
  #dialling: Dialling | undefined
  #end: End | undefined
  #requests: Requests | undefined
  #timer: Timer | undefined
  /** What leaves once the connection stands. */
  #queue: Frame[] = []
  #reported: PeerState | undefined
  #failures = 0
  #connectedAt: number | undefined
  #isClosed = false

  constructor(transport: SimTransport, id: NodeId, address: string) {
    this.#transport = transport
    this.id = id
    this.address = address
    this.#dial()
  }

  send(frame: Frame): void {
    const { maxQueue } = this.#transport.options
    if (this.#end !== undefined) {
      if (this.#end.queued < maxQueue) this.#end.send(frame)
    } else if (this.#dialling !== undefined && this.#queue.length < maxQueue) this.#queue.push(frame)
  }

  request(body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (this.#end === undefined || this.#requests === undefined) return Promise.reject(notConnected(this.id))
    if (this.#end.queued >= this.#transport.options.maxQueue)
      return Promise.reject(new RaftError('OVERLOADED', `the queue to ${this.id} is full`))
    return this.#requests.send(body, timeoutMs)
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#dialling?.cancel()
    this.#requests?.lost()
    this.#end?.close()
    this.#end = undefined
    this.#requests = undefined
  }

  /** It has just called: so it is there. */
  dialNow(): void {
    if (this.#isClosed || this.#timer === undefined || this.#dialling !== undefined || this.#end !== undefined) return
    this.#timer.cancel()
    this.#dial()
  }

  #dial(): void {
    this.#timer = undefined
    this.#queue = []
    this.#dialling = this.#transport.dial(this, 'messages', {
      connected: end => this.#connected(end),
      failed: refused => this.#retry(refused ? 'refused' : 'lost'),
    })
  }

  #connected(end: End): Receiver {
    const requests = new Requests(this.id, end, this.#transport.options.clock)
    this.#dialling = undefined
    this.#end = end
    this.#requests = requests
    this.#connectedAt = this.#transport.options.clock.now()
    for (const frame of this.#queue.splice(0)) end.send(frame)
    this.#report('connected')
    return {
      frame: frame => {
        if (frame.type === 'message') this.#transport.deliver(frame.message, { own: this.#transport.events.hello().nodeId, peer: this.id })
        else if (frame.type === 'answer') requests.answered(frame.id, frame.body)
        else if (frame.type === 'failure') requests.failed(frame.id, frame.error)
        else if (frame.type === 'refusal') {
          this.#transport.mismatch(frame.hello, frame.reason, 'out', this.address, 'them')
          end.close()
        }
      },
      closed: () => {
        requests.lost()
        this.#retry('lost')
      },
    }
  }

  #retry(seen: PeerState): void {
    if (this.#isClosed) return
    this.#end = undefined
    this.#requests = undefined
    this.#dialling = undefined
    this.#timer = this.#transport.options.clock.after(this.#wait(), () => this.#dial())
    this.#report(seen)
  }

  /** At once after the first failure, then ever later. */
  #wait(): number {
    const { clock, redialMs, maxRedialMs } = this.#transport.options
    if (this.#connectedAt !== undefined && clock.now() - this.#connectedAt >= goodAfterRedials * redialMs) this.#failures = 0
    this.#connectedAt = undefined
    const failures = this.#failures++
    if (failures === 0) return 0
    return Math.min(maxRedialMs, redialMs * 2 ** Math.min(failures - 1, 30)) * (0.5 + clock.random() / 2)
  }

  #report(state: PeerState): void {
    if (this.#reported === state) return
    this.#reported = state
    this.#transport.events.peer(this.id, state)
  }
}
