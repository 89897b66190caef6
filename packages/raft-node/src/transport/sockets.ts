import { connect, createServer, type Server, Socket } from 'node:net'
import { type Address, parseAddress } from './address.ts'

/** Where sockets come from. The place for mutual TLS: everything above only sees a stream that is ready. */
export type SocketFactory = {
  /** Never throws: what goes wrong comes as an `error` and `close` of the socket. `ready` runs once bytes may be written. */
  connect(address: string, ready: () => void): Socket
  /** `accept` gets sockets that are ready. */
  createServer(accept: (socket: Socket) => void): Server
}

export const plainSockets: SocketFactory = {
  connect(address, ready) {
    const target = tryParse(address)
    if (target === undefined) return new Socket().destroy(new Error(`'${address}' is not an address`))
    return connect({ ...target, noDelay: true }, ready)
  },
  createServer: accept => createServer({ noDelay: true }, accept),
}

function tryParse(address: string): Address | undefined {
  try {
    return parseAddress(address)
  } catch {
    return undefined
  }
}
