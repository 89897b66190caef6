import { X509Certificate } from 'node:crypto'
import type { Server, Socket } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { isPeer, type PeerCertificates } from './peer-certificates.ts'
import { noSocket, type ServerEvents, type SocketFactory, tryParse } from './sockets.ts'

/** How many may be connected without having shown a certificate; the one that has waited longest makes room. */
const unprovenMax = 64
const handshakeTimeoutMs = 5_000

/** Mutual TLS: both sides show a certificate that the authority has signed and that says that its owner is a peer. */
export function tlsSockets(certificates: PeerCertificates): SocketFactory {
  return {
    connect(address, ready) {
      const target = tryParse(address)
      if (target === undefined) return noSocket(address)
      const { name } = certificates
      const socket = connect({
        ...target,
        ...certificates.context(),
        servername: name,
        checkServerIdentity: (_, { raw }) => (isPeer(new X509Certificate(raw), name) ? undefined : noPeer()),
      })
      socket.setNoDelay(true)
      return socket.once('secureConnect', ready)
    },
    createServer: events => secureServer(certificates, events),
  }
}

function secureServer(certificates: PeerCertificates, { accept, turnedAway }: ServerEvents): Server {
  const server = createServer({
    ...certificates.context(),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: handshakeTimeoutMs,
    noDelay: true,
  })
  const unproven = new Map<string, Socket>()
  server.on('connection', (socket: Socket) => {
    const remote = remoteOf(socket)
    for (const [oldest, its] of unproven) {
      if (unproven.size < unprovenMax) break
      unproven.delete(oldest)
      its.destroy()
    }
    unproven.set(remote, socket)
    socket.on('close', () => unproven.delete(remote))
  })
  server.on('secureConnection', socket => {
    const remote = remoteOf(socket)
    unproven.delete(remote)
    if (provesPeer(socket, certificates.name)) return accept(socket)
    turnedAway(remote, 'no-peer')
    socket.on('error', () => {})
    socket.destroy()
  })
  // No certificate, one of another authority, or no TLS at all.
  server.on('tlsClientError', (_, socket) => {
    turnedAway(remoteOf(socket), 'stranger')
    socket.destroy()
  })
  // No channel knows of them yet, and Node waits for every connection.
  const close = server.close.bind(server)
  server.close = done => {
    for (const socket of unproven.values()) socket.destroy()
    return close(done)
  }
  server.once(
    'close',
    certificates.onRenewal(() => server.setSecureContext(certificates.context())),
  )
  return server
}

function noPeer(): Error {
  return Object.assign(new Error('it is not the certificate of a peer'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
}

function provesPeer(socket: TLSSocket, name: string): boolean {
  const certificate = socket.getPeerX509Certificate()
  return socket.authorized && certificate !== undefined && isPeer(certificate, name)
}

function remoteOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`
}
