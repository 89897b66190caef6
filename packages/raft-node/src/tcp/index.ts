export { TcpTransport, type TcpTransportOptions } from '../transport/tcp.ts'
