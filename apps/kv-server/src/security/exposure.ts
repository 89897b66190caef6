import { isIP } from 'node:net'
import { RaftError } from 'raft-node'
import { type Address, formatAddress } from '../address.ts'
import type { NamesDoubted } from '../http/pages.ts'

type Protection = { readonly tls: boolean; readonly tokens: boolean; readonly peers: unknown; readonly insecure: boolean }

/** @throws RaftError INVALID_ARGUMENT if strangers could reach an address and do as they like. */
export function checkExposure(address: Address, what: string, { tls, tokens, insecure }: Omit<Protection, 'peers'>): void {
  if (isLoopback(address.host) || insecure || (tls && tokens)) return
  const missing = [tls ? '' : 'TLS (--tls-cert and --tls-key)', tokens ? '' : 'tokens (--tokens)'].filter(name => name !== '').join(' and ')
  throw new RaftError(
    'INVALID_ARGUMENT',
    `${what}: others can reach ${formatAddress(address)}, so it needs ${missing}; where the network itself keeps strangers out, say --insecure`,
  )
}

/** @throws RaftError INVALID_ARGUMENT if strangers could reach connections between nodes that nothing protects. */
export function checkPeerExposure(address: Address, { peers, insecure }: Pick<Protection, 'peers' | 'insecure'>): void {
  if (isLoopback(address.host) || insecure || peers !== undefined) return
  throw new RaftError(
    'INVALID_ARGUMENT',
    `raft address: others can reach ${formatAddress(address)}, where nodes talk in the clear without --peer-cert, --peer-key and --peer-ca; where the network itself keeps strangers out, say --insecure`,
  )
}

/**
 * A page that has a name lead here has no token, and no certificate for that name. Without either, only this machine is sure to know this
 * node by no other name than its own.
 */
export function namesDoubted({ host }: Address, { tls, tokens }: Pick<Protection, 'tls' | 'tokens'>): NamesDoubted {
  if (tls || tokens) return 'nowhere'
  return isLoopback(host) ? 'everywhere' : 'inWrites'
}

function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.')
  return host === '::1' || host === 'localhost' || host === ''
}
