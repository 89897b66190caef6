import type { Message, NodeId } from 'raft-core'
import { RaftError } from '../../src/errors.ts'
import type { Clock, HandshakeRefusal, SnapshotData, SnapshotMeta, Transport, TransportEvents } from '../../src/ports.ts'

const latencyMs = 1
const redialMs = 50

/** Addresses and the nodes that listen there. Connections are kept as the real ones are: dialled, greeted, dialled again. */
export class MemoryNetwork {
  readonly clock: Clock
  readonly #listening = new Map<string, MemoryTransport>()
  readonly #cut = new Set<string>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  transport(address: string): MemoryTransport {
    return new MemoryTransport(this, address)
  }

  at(address: string): MemoryTransport | undefined {
    return this.#listening.get(address)
  }

  listen(transport: MemoryTransport): void {
    if (this.#listening.has(transport.address)) throw new RaftError('ADDRESS_IN_USE', `${transport.address} is in use`)
    this.#listening.set(transport.address, transport)
  }

  leave(transport: MemoryTransport): void {
    if (this.#listening.get(transport.address) === transport) this.#listening.delete(transport.address)
  }

  /** Both ways: nothing arrives, and nobody is told. */
  cut(a: string, b: string): void {
    this.#cut.add(`${a} ${b}`).add(`${b} ${a}`)
  }

  heal(): void {
    this.#cut.clear()
  }

  isCut(a: string, b: string): boolean {
    return this.#cut.has(`${a} ${b}`)
  }
}

type Link = { readonly address: string; state: 'dialling' | 'connected' }

export class MemoryTransport implements Transport {
  readonly address: string
  events: TransportEvents | undefined
  sent = 0
  readonly #network: MemoryNetwork
  readonly #links = new Map<NodeId, Link>()
  /** Those that wait for an answer: whoever hangs up gives none. */
  readonly #requests = new Set<{ readonly address: string; lost(): void }>()
  /** Who has dialled this node: answered on that connection while it is not known where they are. */
  readonly #diallers = new Map<NodeId, MemoryTransport>()
  #closed = false

  constructor(network: MemoryNetwork, address: string) {
    this.#network = network
    this.address = address
  }

  async start(events: TransportEvents): Promise<{ readonly address: string }> {
    this.#network.listen(this)
    this.events = events
    return { address: this.address }
  }

  setPeers(peers: ReadonlyMap<NodeId, string>): void {
    for (const [id, { address }] of [...this.#links]) {
      if (peers.get(id) === address) continue
      this.#links.delete(id)
      this.#network.at(address)?.hungUpBy(this.address)
    }
    for (const [id, address] of peers) {
      if (this.#links.has(id)) continue
      const link: Link = { address, state: 'dialling' }
      this.#links.set(id, link)
      this.#dial(id, link)
    }
  }

  /** The other end has closed what we dialled. */
  hungUpBy(address: string): void {
    for (const request of this.#requests) if (request.address === address) request.lost()
    for (const [id, link] of this.#links) {
      if (link.address !== address || link.state !== 'connected') continue
      link.state = 'dialling'
      this.#down(id, link, 'lost')
    }
  }

  send(message: Message): void {
    this.sent += 1
    const other = this.#reach(message.to) ?? this.#dialledBy(message.to)
    if (other === undefined) return
    this.#later(() => this.#isOpen(other) && other.events?.message(message.from, message))
  }

  async request(to: NodeId, body: Uint8Array, { timeoutMs }: { readonly timeoutMs: number }): Promise<Uint8Array> {
    const other = this.#reach(to)
    if (other === undefined) throw new RaftError('CONNECTION_LOST', `not connected to ${to}`, { outcome: 'not-applied' })
    const from = this.events?.hello().nodeId as NodeId
    return new Promise((resolve, reject) => {
      const timer = this.#network.clock.after(timeoutMs, () => ended(() => reject(new RaftError('TIMED_OUT', `${to} did not answer`))))
      const open = { address: other.address, lost: () => ended(() => reject(new RaftError('CONNECTION_LOST', `lost ${to}`))) }
      this.#requests.add(open)
      const ended = (run: () => void) => {
        if (!this.#requests.delete(open)) return
        timer.cancel()
        run()
      }
      const settle = (run: () => void) => {
        if (this.#isOpen(other)) ended(run)
      }
      this.#later(() => {
        if (!this.#isOpen(other)) return
        const answer = other.events?.request(from, body) ?? Promise.reject(new Error('not started'))
        answer.then(
          bytes => this.#later(() => settle(() => resolve(bytes))),
          error => this.#later(() => settle(() => reject(error))),
        )
      })
    })
  }

  async sendSnapshot(message: Message, meta: SnapshotMeta, data: SnapshotData): Promise<void> {
    const other = this.#reach(message.to)
    if (other === undefined) throw new RaftError('CONNECTION_LOST', `not connected to ${message.to}`)
    await other.events?.snapshot(message.from, message, meta, from => copied(data(from)))
    if (!this.#isOpen(other)) throw new RaftError('CONNECTION_LOST', `lost ${message.to}`)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#links.clear()
    this.#network.leave(this)
  }

  #dial(id: NodeId, link: Link): void {
    this.#later(() => {
      if (this.#closed || this.#links.get(id) !== link) return
      const other = this.#network.at(link.address)
      if (other?.events === undefined || this.#network.isCut(this.address, link.address)) return this.#down(id, link, 'refused')
      const refusal = this.#greet(id, other)
      if (refusal !== undefined) {
        other.events.mismatch(this.events?.hello(), refusal.reason, 'in', this.address, refusal.by === 'dialled' ? 'us' : 'them')
        this.events?.mismatch(other.events.hello(), refusal.reason, 'out', link.address, refusal.by === 'dialled' ? 'them' : 'us')
        return this.#down(id, link, 'lost')
      }
      link.state = 'connected'
      other.#diallers.set(this.events?.hello().nodeId ?? '', this)
      this.events?.peer(id, 'connected')
      this.#watch(id, link, other)
    })
  }

  /** Who is dialled looks first, as over TCP. */
  #greet(id: NodeId, other: MemoryTransport): { readonly reason: HandshakeRefusal; readonly by: 'dialled' | 'dialler' } | undefined {
    const [ours, theirs] = [this.events, other.events]
    if (ours === undefined || theirs === undefined) return { reason: 'not-a-member', by: 'dialled' }
    if (ours.hello().clusterId !== theirs.hello().clusterId) return { reason: 'other-cluster', by: 'dialled' }
    if (theirs.hello().nodeId !== id) return { reason: 'other-node', by: 'dialled' }
    const byThem = theirs.admit(ours.hello())
    if (byThem !== undefined) return { reason: byThem, by: 'dialled' }
    const byUs = ours.admit(theirs.hello())
    return byUs && { reason: byUs, by: 'dialler' }
  }

  /** Notices soon when the other end has closed. */
  #watch(id: NodeId, link: Link, other: MemoryTransport): void {
    this.#network.clock.after(5, () => {
      if (this.#closed || this.#links.get(id) !== link) return
      if (link.state !== 'connected') return
      if (this.#network.at(link.address) === other) return this.#watch(id, link, other)
      link.state = 'dialling'
      this.events?.peer(id, 'lost')
      this.#dial(id, link)
    })
  }

  #down(id: NodeId, link: Link, state: 'lost' | 'refused'): void {
    this.events?.peer(id, state)
    this.#network.clock.after(redialMs, () => this.#links.get(id) === link && this.#dial(id, link))
  }

  #reach(to: NodeId): MemoryTransport | undefined {
    const link = this.#links.get(to)
    if (link?.state !== 'connected') return undefined
    const other = this.#network.at(link.address)
    return other !== undefined && this.#isOpen(other) ? other : undefined
  }

  #dialledBy(id: NodeId): MemoryTransport | undefined {
    const other = this.#diallers.get(id)
    return other !== undefined && !this.#links.has(id) && this.#isOpen(other) ? other : undefined
  }

  #isOpen(other: MemoryTransport): boolean {
    return !this.#closed && !other.#closed && !this.#network.isCut(this.address, other.address)
  }

  #later(run: () => void): void {
    this.#network.clock.after(latencyMs, run)
  }
}

/** The sender only lends them. */
async function* copied(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk.slice()
}
