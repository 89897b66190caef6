import type { Message, NodeId } from 'raft-core'
import type { Clock, HandshakeRefusal, Hello, SnapshotData, SnapshotMeta, Transport, TransportEvents } from 'raft-node'
import { RaftError } from 'raft-node'
import type { End, Frame, Purpose, Receiver } from './connection.ts'
import type { Network } from './network.ts'
import type { Dialled, Dialling } from './peer.ts'
import { Peer } from './peer.ts'
import type { Process } from './process.ts'
import { failureOf, notConnected } from './requests.ts'
import { receiveSnapshot, SnapshotSending } from './snapshot-stream.ts'

export type SimTransportOptions = {
  readonly network: Network
  readonly process: Process
  readonly clock: Clock
  /** `host:port`, on the host of the process. */
  readonly listen: string
  readonly handshakeMs: number
  /** The wait after the second failure in a row; it doubles up to `maxRedialMs`. */
  readonly redialMs: number
  readonly maxRedialMs: number
  /** Frames that may wait for one peer. */
  readonly maxQueue: number
  readonly chunkBytes: number
  /** A message leaves for another node. */
  readonly sent?: (message: Message) => void
  /** A snapshot goes on where an earlier connection broke off. */
  readonly resumed?: () => void
}

type Greeting = Extract<Frame, { type: 'hello' }>

const quietMs = 60_000

/**
 * The transport of one process, on connections that behave as TCP's do. Like the real one it dials every peer, sends on what it has
 * dialled and gets its answers there, and has connections of their own for snapshots.
 */
export class SimTransport implements Transport {
  readonly options: SimTransportOptions
  readonly #peers = new Map<NodeId, Peer>()
  readonly #served = new Map<string, End>()
  readonly #ends = new Set<End>()
  readonly #snapshots = new Set<SnapshotSending>()
  readonly #reported = new Map<string, number>()
  #events: TransportEvents | undefined
  #wanted: ReadonlyMap<NodeId, string> = new Map()
  #isClosed = false
  #allClosed: () => void = () => {}

  constructor(options: SimTransportOptions) {
    this.options = options
  }

  get events(): TransportEvents {
    if (this.#events === undefined) throw new Error('the transport is not started')
    return this.#events
  }
  get isClosed(): boolean {
    return this.#isClosed
  }

  async start(events: TransportEvents): Promise<{ readonly address: string }> {
    const { network, process, listen } = this.options
    if (this.#isClosed) throw new RaftError('NODE_STOPPED', 'the transport was closed while it started', { outcome: 'not-applied' })
    if (!network.listen(listen, { process, accept: (end, remote) => this.#accept(end, remote) })) {
      throw new RaftError('ADDRESS_IN_USE', `somebody listens on ${listen}`)
    }
    this.#events = events
    this.#connectPeers()
    return { address: listen }
  }

  setPeers(peers: ReadonlyMap<NodeId, string>): void {
    for (const [id, address] of this.#wanted) if (peers.get(id) !== address) this.#disconnect(id)
    this.#wanted = new Map(peers)
    this.#connectPeers()
  }

  send(message: Message): void {
    if (this.#isClosed) return
    this.options.sent?.(message)
    const peer = this.#peers.get(message.to)
    if (peer !== undefined) return peer.send({ type: 'message', message })
    // Like the real one: to somebody whom this node does not know, on the connection that he has dialled.
    const end = this.#served.get(`messages ${message.to}`)
    if (end !== undefined && end.queued < this.options.maxQueue) end.send({ type: 'message', message })
  }

  request(to: NodeId, body: Uint8Array, { timeoutMs }: { readonly timeoutMs: number }): Promise<Uint8Array> {
    return this.#peers.get(to)?.request(body.slice(), timeoutMs) ?? Promise.reject(notConnected(to))
  }

  async sendSnapshot(message: Message, meta: SnapshotMeta, data: SnapshotData): Promise<void> {
    const peer = this.#peers.get(message.to)
    if (message.type !== 'installSnapshot') throw new RaftError('INVALID_ARGUMENT', 'a snapshot is announced by installSnapshot')
    if (peer === undefined) throw notConnected(message.to)
    this.options.sent?.(message)
    const sending = new SnapshotSending(this, peer, { message, meta, data })
    this.#snapshots.add(sending)
    try {
      await sending.done
    } finally {
      this.#snapshots.delete(sending)
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.options.network.unlisten(this.options.listen, this.options.process)
    for (const peer of this.#peers.values()) peer.close()
    this.#peers.clear()
    for (const sending of this.#snapshots) sending.abort()
    for (const end of [...this.#ends]) end.close()
    if (this.#ends.size > 0) await new Promise<void>(resolve => (this.#allClosed = resolve))
  }

  #connectPeers(): void {
    if (this.#events === undefined || this.#isClosed) return
    const own = this.#events.hello().nodeId
    for (const [id, address] of this.#wanted) {
      if (id !== own && !this.#peers.has(id)) this.#peers.set(id, new Peer(this, id, address))
    }
  }

  /** Both ways: what comes from a node that is gone, or that lives elsewhere now, is not for us. */
  #disconnect(id: NodeId): void {
    this.#peers.get(id)?.close()
    this.#peers.delete(id)
    for (const sending of this.#snapshots) if (sending.to === id) sending.abort()
    for (const purpose of ['messages', 'snapshot'] as const) this.#served.get(`${purpose} ${id}`)?.close()
  }

  // ── handshakes ──

  /**
   * Connects and greets. One of the outcomes is called, later, unless `cancel` comes first. What this node says of itself is what was
   * true when it dialled.
   */
  dial(target: { readonly id: NodeId; readonly address: string }, purpose: Purpose, outcome: Dialled): Dialling {
    const { network, process, clock, handshakeMs } = this.options
    const own = this.events.hello()
    let state: 'dialling' | 'done' = 'dialling'
    let end: End | undefined
    const failed = (refused: boolean) => {
      if (state === 'done') return
      state = 'done'
      timer.cancel()
      outcome.failed(refused)
    }
    const timer = clock.after(handshakeMs, () => {
      if (end === undefined) failed(false)
      else end.close()
    })
    network.dial(process, target.address, () => state === 'dialling' && !this.#isClosed, {
      failed,
      connected: opened => {
        end = opened
        this.#ends.add(opened)
        opened.receive({
          frame: frame => {
            const refusal = this.#judgeAnswer(opened, frame, own, target)
            if (refusal !== undefined || state === 'done') return
            state = 'done'
            timer.cancel()
            opened.receive(this.#tracked(opened, outcome.connected(opened)))
          },
          closed: () => {
            this.#forget(opened)
            failed(false)
          },
        })
        opened.send({ type: 'hello', hello: own, expects: target.id, purpose })
      },
    })
    return {
      cancel: () => {
        if (state === 'done') return
        state = 'done'
        timer.cancel()
        end?.close()
      },
    }
  }

  #forget(end: End): void {
    this.#ends.delete(end)
    if (this.#ends.size === 0) this.#allClosed()
  }
  #tracked(end: End, receiver: Receiver): Receiver {
    return {
      frame: frame => receiver.frame(frame),
      closed: () => {
        this.#forget(end)
        receiver.closed()
      },
    }
  }

  /** The reason not to go on, if there is one. */
  #judgeAnswer(
    end: End,
    frame: Frame,
    own: Hello,
    { id, address }: { readonly id: NodeId; readonly address: string },
  ): HandshakeRefusal | undefined {
    if (frame.type === 'refusal') {
      this.mismatch(frame.hello, frame.reason, 'out', address, 'them')
      end.close()
      return frame.reason
    }
    if (frame.type !== 'hello') return undefined
    const isOther = frame.hello.nodeId !== id
    const reason = judge(own, frame, hello => (isOther ? 'other-node' : this.events.admit(hello)))
    if (reason === undefined) return undefined
    this.mismatch(frame.hello, reason, 'out', address, 'us')
    end.finish({ type: 'refusal', reason, hello: own })
    return reason
  }

  #accept(end: End, remote: string): void {
    if (this.#isClosed) return end.close()
    this.#ends.add(end)
    const timer = this.options.clock.after(this.options.handshakeMs, () => end.close())
    end.receive({
      frame: frame => {
        if (frame.type !== 'hello') return end.close()
        timer.cancel()
        this.#greeted(end, frame, remote)
      },
      closed: () => {
        this.#forget(end)
        timer.cancel()
      },
    })
  }

  #greeted(end: End, greeting: Greeting, remote: string): void {
    const own = this.events.hello()
    const reason = judge(own, greeting, hello => this.events.admit(hello))
    if (reason !== undefined) {
      this.mismatch(greeting.hello, reason, 'in', remote, 'us')
      return end.finish({ type: 'refusal', reason, hello: own })
    }
    end.send({ type: 'hello', hello: own, expects: greeting.hello.nodeId, purpose: greeting.purpose })
    this.#serve(end, own, greeting, remote)
  }

  /** A new connection replaces an older one for the same purpose: the peer has given that up, even if we have not noticed yet. */
  #serve(end: End, own: Hello, { hello, purpose }: Greeting, remote: string): void {
    const key = `${purpose} ${hello.nodeId}`
    this.#served.get(key)?.close()
    this.#served.set(key, end)
    // It is there: no need to wait out the backoff.
    if (purpose === 'messages') this.#peers.get(hello.nodeId)?.dialNow()
    const ids = { own: own.nodeId, peer: hello.nodeId }
    const receiver = purpose === 'messages' ? this.#servePeer(end, ids, remote) : receiveSnapshot(this, end, ids)
    end.receive(
      this.#tracked(end, {
        frame: frame => receiver.frame(frame),
        closed: () => {
          if (this.#served.get(key) === end) this.#served.delete(key)
          receiver.closed()
        },
      }),
    )
  }

  #servePeer(end: End, ids: { readonly own: NodeId; readonly peer: NodeId }, remote: string): Receiver {
    return {
      frame: frame => {
        if (frame.type === 'message') this.deliver(frame.message, ids)
        else if (frame.type === 'request') this.#answer(end, ids.peer, frame)
        else if (frame.type === 'refusal') {
          this.mismatch(frame.hello, frame.reason, 'in', remote, 'them')
          end.close()
        }
      },
      closed: () => {},
    }
  }

  /** A member speaks for itself only, and only to this node. */
  deliver(message: Message, { own, peer }: { readonly own: NodeId; readonly peer: NodeId }): void {
    if (message.from === peer && message.to === own) this.events.message(peer, message)
  }

  #answer(end: End, peer: NodeId, { id, body }: Extract<Frame, { type: 'request' }>): void {
    this.events.request(peer, body).then(
      answer => end.send({ type: 'answer', id, body: answer.slice() }),
      error => end.send({ type: 'failure', id, error: failureOf(error) }),
    )
  }

  /** The same one at most once a minute. */
  mismatch(theirs: Hello | undefined, reason: HandshakeRefusal, direction: 'in' | 'out', remote: string, by: 'us' | 'them'): void {
    const now = this.options.clock.now()
    const key = [direction, by, reason, remote.slice(0, remote.lastIndexOf(':')), theirs?.nodeId].join(' ')
    if (now - (this.#reported.get(key) ?? -quietMs) < quietMs) return
    this.#reported.set(key, now)
    this.events.mismatch(theirs, reason, direction, remote, by)
  }
}

function judge(own: Hello, theirs: Greeting, admit: TransportEvents['admit']): HandshakeRefusal | undefined {
  if (theirs.hello.clusterId !== own.clusterId) return 'other-cluster'
  if (theirs.expects !== own.nodeId) return 'other-node'
  return admit(theirs.hello)
}
