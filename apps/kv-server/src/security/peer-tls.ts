import type { PeerTls } from 'raft-node'
import { contents } from './tls.ts'

/** Files in PEM, for the connections between nodes; each node shows a certificate that the authority has signed for a peer. */
export type PeerTlsFiles = {
  readonly cert: string
  readonly key: string
  readonly ca: string
  /** The name that the certificate of every peer carries, and no client's. Default `raft-peer`. */
  readonly name?: string | undefined
}

/** What the files hold now. @throws RaftError INVALID_ARGUMENT, naming the file. */
export function peerTlsIn({ cert, key, ca, name }: PeerTlsFiles): PeerTls {
  return { cert: contents(cert), key: contents(key), ca: contents(ca), name }
}
