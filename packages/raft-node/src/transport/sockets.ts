import { connect, createServer, type Server, Socket } from 'node:net'
import { type Address, parseAddress } from './address.ts'

/** Where sockets come from: everything above only sees a stream that is ready. */
export type SocketFactory = {
  /** Never throws: what goes wrong comes as an `error` and `close` of the socket. `ready` runs once bytes may be written. */
  connect(address: string, ready: () => void): Socket
  createServer(events: ServerEvents): Server
}

export type ServerEvents = {
  /** Gets sockets that are ready. */
  accept(socket: Socket): void
  /** Somebody came who may not speak here; the connection is closed. `stranger`: not even of these authorities. */
  turnedAway(remote: string, who: 'stranger' | 'no-peer'): void
}

/** In the clear: for the loopback, or for a network that keeps strangers out by itself. */
export const plainSockets: SocketFactory = {
  connect(address, ready) {
    const target = tryParse(address)
    if (target === undefined) return noSocket(address)
    return connect({ ...target, noDelay: true }, ready)
  },
  createServer: ({ accept }) => createServer({ noDelay: true }, accept),
}

export function tryParse(address: string): Address | undefined {
  try {
    return parseAddress(address)
  } catch {
    return undefined
  }
}

export function noSocket(address: string): Socket {
  return new Socket().destroy(new Error(`'${address}' is not an address`))
}
