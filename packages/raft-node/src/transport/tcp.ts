/** `raft-node/tcp`: the network between members over TCP. */
export { PeerCertificates, type PeerTls } from './peer-certificates.ts'
export { plainSockets, type ServerEvents, type SocketFactory } from './sockets.ts'
export { TcpTransport, type TcpTransportOptions } from './tcp-transport.ts'
