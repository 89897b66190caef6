import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Message, NodeId } from 'raft-core'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../src/clock/system-clock.ts'
import type { HandshakeRefusal, Hello, SnapshotMeta, TransportEvents } from '../../src/ports.ts'
import { TcpTransport, type TcpTransportOptions } from '../../src/transport/tcp.ts'

export const clock = systemClock()

/** Quick versions of the production times, so that silence is noticed within a test. */
export function tcp(options: Partial<TcpTransportOptions> = {}): TcpTransport {
  return new TcpTransport({ listen: '127.0.0.1:0', clock, pingMs: 50, ...options })
}

export async function until(condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for: ${condition}`)
    await sleep(2)
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

export type Recorded = {
  readonly transport: TcpTransport
  readonly address: string
  readonly events: Partial<TransportEvents>
  readonly messages: Message[]
  readonly peers: string[]
  readonly mismatches: Array<{ theirs: Hello | undefined; reason: HandshakeRefusal; direction: string; remote: string }>
}

/** A started transport that writes down what it reports, closed at the end of the test. `events` may be changed while it runs. */
export async function member(nodeId: NodeId, options: Partial<TcpTransportOptions> = {}): Promise<Recorded> {
  const transport = tcp(options)
  onTestFinished(() => transport.close())
  const recorded = {
    transport,
    events: {} as Partial<TransportEvents>,
    messages: [] as Message[],
    peers: [] as string[],
    mismatches: [] as Recorded['mismatches'],
  }
  const own = { clusterId: 'cluster', nodeId, incarnation: `life of ${nodeId}`, last: { term: 0, index: 0 }, repairing: false, start: 's' }
  const { address } = await transport.start({
    message: (_from, message) => void recorded.messages.push(message),
    request: (from, body) => recorded.events.request?.(from, body) ?? Promise.resolve(body),
    snapshot: (from, message, meta, data) => recorded.events.snapshot?.(from, message, meta, data) ?? Promise.resolve(),
    peer: (id, state) => void recorded.peers.push(`${id} ${state}`),
    mismatch: (theirs, reason, direction, remote) => void recorded.mismatches.push({ theirs, reason, direction, remote }),
    admit: hello => recorded.events.admit?.(hello),
    hello: () => recorded.events.hello?.() ?? own,
  })
  return { ...recorded, address }
}

/** Whatever a raw client gets back until the connection closes, and how long that took. */
export async function exchange(address: string, bytes: Uint8Array | string): Promise<{ received: Buffer; ms: number }> {
  const socket = dialRaw(address)
  const began = Date.now()
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk as Buffer))
  socket.write(bytes)
  await new Promise(resolve => socket.on('close', resolve))
  return { received: Buffer.concat(chunks), ms: Date.now() - began }
}

export function dialRaw(address: string): Socket {
  const [host, port] = address.split(':')
  const socket = connect({ host: host as string, port: Number(port) })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return socket
}

/** A server that is no member of anything. */
export async function rawServer(accept: (socket: Socket) => void, port = 0): Promise<{ server: Server; address: string }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    accept(socket)
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** Passes bytes on between those who dial it and `target`, until told to swallow them: a half-open connection. */
export async function proxy(target: string): Promise<{ address: string; swallow: () => void; cut: () => void }> {
  let isSwallowing = false
  const sockets: Socket[] = []
  const { address } = await rawServer(near => {
    const far = dialRaw(target)
    sockets.push(near, far)
    near.on('data', chunk => isSwallowing || far.write(chunk))
    far.on('data', chunk => isSwallowing || near.write(chunk))
    near.on('close', () => isSwallowing || far.destroy())
    far.on('close', () => isSwallowing || near.destroy())
  })
  return {
    address,
    swallow: () => {
      isSwallowing = true
    },
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** One command, as the entry at `index`. */
export function append(from: NodeId, to: NodeId, { index, data }: { index: number; data: Uint8Array }): Message {
  const entries = [{ type: 'command', term: 1, index, data } as const]
  return { type: 'appendEntries', from, to, term: 1, session: 0, after: { term: 1, index: index - 1 }, entries, commit: 0 }
}

export function heartbeat(from: NodeId, to: NodeId, readToken = 0): Message {
  return { type: 'heartbeat', from, to, term: 1, commit: 1, readToken }
}

const members = { voters: ['n1', 'n2'], outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] }

export function snapshotMessage(from: NodeId, to: NodeId): Message {
  return {
    type: 'installSnapshot',
    from,
    to,
    term: 1,
    session: 0,
    snapshot: { term: 1, index: 5, membership: members, data: new Uint8Array(0) },
  }
}

export function snapshotMeta(size: number): SnapshotMeta {
  return { term: 1, index: 5, membership: members, membershipIndex: 1, members: [], chain: 7, size, checksum: 0 }
}

export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}
