import type { AddressInfo, Server, Socket } from 'node:net'
import type { Message, NodeId } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { Clock, Hello, PeerMessage, SnapshotData, SnapshotMeta, Transport, TransportEvents } from '../ports.ts'
import { accept } from './accept.ts'
import { formatAddress, parseAddress } from './address.ts'
import type { Channel, ChannelEvents } from './channel.ts'
import { reportTurnedAway, type TransportContext, type TransportCounts, type TransportSettings } from './context.ts'
import { checkExposure } from './exposure.ts'
import type { Greeting, Purpose } from './handshake.ts'
import { receiveSnapshot } from './incoming-snapshot.ts'
import { closedWhileStarting, listen } from './listen.ts'
import { writeMessage } from './messages.ts'
import { MismatchReports } from './mismatch-reports.ts'
import { OutgoingSnapshot } from './outgoing-snapshot.ts'
import type { PeerCertificates } from './peer-certificates.ts'
import { PeerConnection } from './peer-connection.ts'
import { notConnected } from './requests.ts'
import { servePeer } from './served-peer.ts'
import { plainSockets, type ServerEvents, type SocketFactory } from './sockets.ts'
import { tlsSockets } from './tls-sockets.ts'

export type TcpTransportOptions = {
  /** `host:port`; port 0 takes a free one. Without a host, and for `localhost`: 127.0.0.1. */
  readonly listen: string
  readonly clock: Clock
  /** What may wait for one peer. Default 16 MiB. */
  readonly maxQueueBytes?: number
  /** The longest message or request, as bytes. Default 8 MiB; the same on all nodes. */
  readonly maxFrameBytes?: number
  /** Connections that others may have to this node at once. Default 256. */
  readonly maxConnections?: number
  /** Default 5,000. */
  readonly handshakeTimeoutMs?: number
  /** How often both ends of a connection say that they are there; four in a row missed, and it is closed. Default 1,000. */
  readonly pingMs?: number
  /** Mutual TLS with the other members. Default: in the clear, which only the loopback may be. */
  readonly tls?: PeerCertificates | undefined
  /** In the clear also where others can reach it: the network itself keeps strangers out. */
  readonly insecure?: boolean | undefined
  /** In place of TCP or TLS. */
  readonly sockets?: SocketFactory
}

/** How many may be connected without having said who they are; the one that has been silent longest makes room. */
const strangersMax = 64

/**
 * The network between members over TCP. Each node dials every peer and sends on the connection that it dialled; answers come back on
 * it. So a pair has two connections and nothing to negotiate when both dial at once. Snapshots have connections of their own.
 */
export class TcpTransport implements Transport {
  readonly #settings: TransportSettings
  readonly #listen: string
  readonly #counts: TransportCounts = { strangers: 0, refusals: 0, corrupt: 0, misaddressed: 0, overflowed: 0 }
  readonly #channels = new Set<Channel>()
  readonly #connections = new Map<NodeId, PeerConnection>()
  readonly #snapshots = new Set<OutgoingSnapshot>()
  /** Who dialled us and passed the handshake: by purpose and id, one each. */
  readonly #served = new Map<string, Channel>()
  /** Who dialled us and has not said who it is; the oldest first. */
  readonly #strangers = new Set<Channel>()
  #peers: ReadonlyMap<NodeId, string> = new Map()
  #server: Server | undefined
  #context: TransportContext | undefined
  #closed: Promise<void> | undefined

  /** @throws RaftError INVALID_ARGUMENT where it would talk in the clear and others could reach it. */
  constructor({ listen, tls, insecure = false, ...settings }: TcpTransportOptions) {
    checkExposure(listen, { tls: tls !== undefined, insecure })
    this.#listen = listen
    this.#settings = { ...defaults, sockets: tls === undefined ? plainSockets : tlsSockets(tls), ...settings }
  }

  /** What happened since the start, for metrics. */
  get counts(): Readonly<TransportCounts> {
    return { ...this.#counts }
  }

  async start(events: TransportEvents): Promise<{ readonly address: string }> {
    const { clock, sockets } = this.#settings
    const { host, port } = parseAddress(this.#listen)
    const server = sockets.createServer({ accept: socket => this.#dialled(socket), turnedAway: (...who) => this.#turnedAway(...who) })
    this.#server = server
    await listen(server, { host, port })
    if (this.#closed !== undefined) throw closedWhileStarting()
    const mismatches = new MismatchReports(clock, (...mismatch) => events.mismatch(...mismatch))
    this.#context = { settings: this.#settings, events, counts: this.#counts, mismatches, channels: this.#channels }
    this.#connectPeers()
    return { address: formatAddress({ host, port: (server.address() as AddressInfo).port }) }
  }

  setPeers(peers: ReadonlyMap<NodeId, string>): void {
    for (const [id, address] of this.#peers) if (peers.get(id) !== address) this.#disconnect(id)
    this.#peers = new Map(peers)
    this.#connectPeers()
  }

  send(message: PeerMessage): void {
    const connection = this.#connections.get(message.to)
    if (connection !== undefined) connection.send(message)
    else this.#answer(message)
  }

  /**
   * To somebody whom this node does not know, on the connection that he has dialled: he became a member while this node was away. His
   * address is in the log that he leads, so if its answers did not reach him, it would never learn it.
   */
  #answer(message: PeerMessage): void {
    const channel = this.#served.get(servedKey('messages', message.to))
    if (channel !== undefined && !writeMessage(channel, message, this.#settings)) this.#counts.overflowed++
  }

  request(to: NodeId, body: Uint8Array, { timeoutMs }: { readonly timeoutMs: number }): Promise<Uint8Array> {
    return this.#connections.get(to)?.request(body, timeoutMs) ?? Promise.reject(notConnected(to))
  }

  async sendSnapshot(message: Message, meta: SnapshotMeta, data: SnapshotData): Promise<void> {
    if (message.type !== 'installSnapshot')
      throw new RaftError('INVALID_ARGUMENT', `A snapshot is announced by installSnapshot, not ${message.type}.`)
    const connection = this.#connections.get(message.to)
    if (this.#context === undefined || connection === undefined) throw notConnected(message.to)
    const snapshot = new OutgoingSnapshot(this.#context, connection.address, { message, meta, data })
    this.#snapshots.add(snapshot)
    try {
      await snapshot.done
    } finally {
      this.#snapshots.delete(snapshot)
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    for (const connection of this.#connections.values()) connection.close()
    this.#connections.clear()
    for (const channel of this.#channels) channel.close()
    const server = this.#server
    if (server !== undefined) await new Promise<void>(resolve => server.close(() => resolve()))
  }

  #connectPeers(): void {
    if (this.#context === undefined || this.#closed !== undefined) return
    const own = this.#context.events.hello().nodeId
    for (const [id, address] of this.#peers) {
      if (id !== own && !this.#connections.has(id)) this.#connections.set(id, new PeerConnection(this.#context, { id, address }))
    }
  }

  /** Both ways: what comes from a node that is gone, or that lives elsewhere now, is not for us. */
  #disconnect(id: NodeId): void {
    this.#connections.get(id)?.close()
    this.#connections.delete(id)
    for (const snapshot of this.#snapshots) if (snapshot.to === id) snapshot.abort()
    for (const purpose of ['messages', 'snapshot'] as const) this.#served.get(servedKey(purpose, id))?.close()
  }

  #dialled(socket: Socket): void {
    const context = this.#context
    if (context === undefined || this.#closed !== undefined) return void socket.destroy()
    if (this.#served.size + this.#strangers.size >= this.#settings.maxConnections) return void socket.destroy()
    for (const oldest of this.#strangers) {
      if (this.#strangers.size < strangersMax) break
      this.#strangers.delete(oldest)
      oldest.close()
    }
    const stranger = accept(context, socket, (channel, own, theirs) => this.#accepted(channel, own, theirs))
    this.#strangers.add(stranger)
    socket.on('close', () => this.#strangers.delete(stranger))
  }

  #turnedAway(remote: string, who: Parameters<ServerEvents['turnedAway']>[1]): void {
    if (this.#context !== undefined) reportTurnedAway(this.#context, remote, who === 'no-peer' ? 'not-a-peer' : 'other-version', 'in')
  }

  /** A new connection replaces an older one for the same purpose: the peer has given that up, even if we have not noticed yet. */
  #accepted(channel: Channel, own: Hello, theirs: Greeting): ChannelEvents {
    const context = this.#context as TransportContext
    const { purpose, hello } = theirs
    const key = servedKey(purpose, hello.nodeId)
    this.#strangers.delete(channel)
    this.#served.get(key)?.close()
    this.#served.set(key, channel)
    if (purpose === 'messages') this.#connections.get(hello.nodeId)?.dialNow()
    const ids = { own: own.nodeId, peer: hello.nodeId }
    const events = purpose === 'messages' ? servePeer(context, channel, ids) : receiveSnapshot(context, channel, ids)
    const closed: ChannelEvents['closed'] = cause => {
      if (this.#served.get(key) === channel) this.#served.delete(key)
      events.closed(cause)
    }
    return { ...events, closed }
  }
}

const defaults = {
  maxQueueBytes: 16 * 1024 * 1024,
  maxFrameBytes: 8 * 1024 * 1024,
  maxConnections: 256,
  handshakeTimeoutMs: 5_000,
  pingMs: 1_000,
}

function servedKey(purpose: Purpose, id: NodeId): string {
  return `${purpose} ${id}`
}
