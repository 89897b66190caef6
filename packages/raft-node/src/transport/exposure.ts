import { isIP } from 'node:net'
import { RaftError } from '../errors.ts'
import { parseAddress } from './address.ts'

/** @throws RaftError INVALID_ARGUMENT if others could listen in on this node's connections, or speak Raft to it. */
export function checkExposure(listen: string, { tls, insecure }: { readonly tls: boolean; readonly insecure: boolean }): void {
  if (tls || insecure || isLoopback(parseAddress(listen).host)) return
  const help = 'give certificates (tls), or say insecure where the network itself keeps strangers out'
  throw new RaftError('INVALID_ARGUMENT', `others can reach ${listen}, and without TLS anybody can speak for a node there: ${help}`)
}

function isLoopback(host: string): boolean {
  return isIP(host) === 4 ? host.startsWith('127.') : host === '::1'
}
