/** `raft-node/tcp`: the network between members over TCP. */
export type { SocketFactory } from './sockets.ts'
export { TcpTransport, type TcpTransportOptions } from './tcp-transport.ts'
