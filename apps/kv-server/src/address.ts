import { createServer } from 'node:net'
import { RaftError } from 'raft-node'

export type Address = { readonly host: string; readonly port: number }

const loopback = '127.0.0.1'

/**
 * Reads `host:port`, `:port` or `[v6]:port`. `localhost`, and no host at all, are 127.0.0.1 everywhere: some systems resolve `localhost`
 * to ::1 first, and then two nodes that mean the same address do not meet.
 * @throws RaftError INVALID_ARGUMENT, naming `what` the address is for.
 */
export function parseAddress(text: string, what: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@?#[\]]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) {
    throw new RaftError('INVALID_ARGUMENT', `${what}: "${text}" is not an address: give host:port, such as localhost:8180`)
  }
  const host = match[1] ?? match[2] ?? ''
  return { host: host === '' || host === 'localhost' ? loopback : host, port }
}

/** `host:port` as it is printed, replicated and dialled. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/**
 * Finds out whether an address can be listened on, and which port stands for 0, by listening for a moment. So a start that must fail
 * fails before it has made a folder.
 * @throws RaftError ADDRESS_IN_USE or ADDRESS_UNAVAILABLE.
 */
export async function probeAddress(address: Address, what: string): Promise<Address> {
  const server = createServer(socket => socket.destroy())
  try {
    return await new Promise<Address>((resolve, reject) => {
      server.once('error', error => reject(listenError(error, address, what)))
      server.listen(address.port, address.host, () => resolve({ host: address.host, port: (server.address() as { port: number }).port }))
    })
  } finally {
    await new Promise(closed => server.close(closed))
  }
}

/** Why listening failed, in a sentence that says what to do. */
export function listenError(error: NodeJS.ErrnoException, address: Address, what: string): RaftError {
  const where = formatAddress(address)
  if (error.code === 'EADDRINUSE') {
    const message = `${what}: ${where} is in use by another process: stop that, or choose another address`
    return new RaftError('ADDRESS_IN_USE', message, { cause: error })
  }
  const reason =
    error.code === 'EACCES' ? 'this user may not listen there' : `not an address of this machine (${error.code ?? error.message})`
  return new RaftError('ADDRESS_UNAVAILABLE', `${what}: cannot listen on ${where}: ${reason}: choose another address`, { cause: error })
}
