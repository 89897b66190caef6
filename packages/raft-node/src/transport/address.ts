import { RaftError } from '../errors.ts'

export type Address = { readonly host: string; readonly port: number }

/** Reads `host:port`, `:port` or `[v6]:port`. Without a host: 127.0.0.1, so that nothing is open to the network unless asked for. */
export function parseAddress(text: string): Address {
  const parts = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(parts?.[3])
  if (parts === null || port > 65_535) {
    throw new RaftError('ADDRESS_UNAVAILABLE', `'${text}' is not an address. Write host:port, for example 127.0.0.1:7001.`)
  }
  return { host: localhostAsIPv4(parts[1] ?? parts[2] ?? ''), port }
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** `localhost` may mean ::1 to the one who listens and 127.0.0.1 to the one who dials. */
function localhostAsIPv4(host: string): string {
  return host === '' || host === 'localhost' ? '127.0.0.1' : host
}
