export {
  PeerCertificates,
  type PeerTls,
  type ServerEvents,
  type SocketFactory,
  TcpTransport,
  type TcpTransportOptions,
} from '../transport/tcp.ts'
