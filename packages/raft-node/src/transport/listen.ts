import type { Server } from 'node:net'
import { RaftError } from '../errors.ts'
import { type Address, formatAddress } from './address.ts'

/** Resolves once the server listens; rejects with a RaftError that says what to do. A server closed meanwhile stays closed. */
export function listen(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(explain(error, formatAddress(address)))
    const closed = () => {
      // The host name may still be looked up: Node would listen when that is done.
      server.once('listening', () => server.close())
      reject(closedWhileStarting())
    }
    server.once('error', failed).once('close', closed)
    server.listen(address, () => {
      server.off('error', failed).off('close', closed)
      // Later errors, such as too many open files at an accept, concern one connection: its peer dials again.
      server.on('error', () => {})
      resolve()
    })
  })
}

export function closedWhileStarting(): RaftError {
  return new RaftError('NODE_STOPPED', 'The transport was closed while it started.', { outcome: 'not-applied' })
}

function explain(cause: NodeJS.ErrnoException, address: string): RaftError {
  if (cause.code === 'EADDRINUSE') {
    const help = 'Stop the other process, or choose another address to listen on (port 0 takes a free one).'
    return new RaftError('ADDRESS_IN_USE', `Another process listens on ${address}. ${help}`, { cause })
  }
  const help = reasons[cause.code ?? ''] ?? 'Choose an address of this machine, for example 127.0.0.1:7001.'
  return new RaftError('ADDRESS_UNAVAILABLE', `Cannot listen on ${address} (${cause.code ?? cause.message}). ${help}`, { cause })
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'Ports below 1024 need privileges: choose a higher one.',
  ENOTFOUND: 'The host name is unknown: check it, or use an IP address.',
  EAI_AGAIN: 'The host name could not be looked up: check it, or use an IP address.',
}
