export { type SocketFactory, TcpTransport, type TcpTransportOptions } from '../transport/tcp.ts'
