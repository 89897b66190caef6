/** `raft-node/tcp`: the network between members over TCP. */
export { PeerCertificates, type PeerTls } from './peer-certificates.ts'
export type { ServerEvents, SocketFactory } from './sockets.ts'
export { TcpTransport, type TcpTransportOptions } from './tcp-transport.ts'
