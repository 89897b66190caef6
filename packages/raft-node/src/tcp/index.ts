export {
  PeerCertificates,
  type PeerTls,
  plainSockets,
  type ServerEvents,
  type SocketFactory,
  TcpTransport,
  type TcpTransportOptions,
} from '../transport/tcp.ts'
