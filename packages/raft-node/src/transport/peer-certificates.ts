import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { RaftError, reasonOf } from '../errors.ts'

/** What proves that a node is a member's: PEM texts, not names of files. */
export type PeerTls = {
  readonly cert: string
  readonly key: string
  /** Who signs the certificates of peers; it may sign those of clients, too. */
  readonly ca: string
  /**
   * The role: a DNS name that the certificate of every peer carries (subjectAltName), and no client's. So a client does not speak Raft,
   * whoever has signed its certificate. Names and addresses of machines do not matter: members move. Default `raft-peer`.
   */
  readonly name?: string | undefined
}

/** The certificates that a node uses now. They can be renewed while it runs: what is dialled or accepted from then on uses the new ones. */
export class PeerCertificates {
  #tls: PeerTls
  readonly #listeners = new Set<() => void>()

  /** @throws RaftError INVALID_ARGUMENT: the texts do not fit together, or are not a peer's. */
  constructor(tls: PeerTls) {
    check(tls)
    this.#tls = tls
  }

  /** @throws RaftError INVALID_ARGUMENT; then those of before stay in use. */
  renew(tls: PeerTls): void {
    check(tls)
    this.#tls = tls
    for (const listener of this.#listeners) listener()
  }

  get name(): string {
    return nameIn(this.#tls)
  }

  /** When this node's own certificate ends, in milliseconds of the wall clock, for metrics. */
  get expiresAt(): number {
    return Date.parse(new X509Certificate(this.#tls.cert).validTo)
  }

  /** Both ends of a connection use the same: each node is client and server. */
  context(): SecureContextOptions {
    const { cert, key, ca } = this.#tls
    return { cert, key, ca, minVersion: 'TLSv1.3' }
  }

  /** Runs after each renewal. Returns how to end that. */
  onRenewal(run: () => void): () => void {
    this.#listeners.add(run)
    return () => this.#listeners.delete(run)
  }
}

/** Whether a certificate, which its authority has vouched for already, is that of a peer. The common name does not count. */
export function isPeer(certificate: X509Certificate, name: string): boolean {
  return certificate.checkHost(name, { subject: 'never', wildcards: false }) !== undefined
}

/** Whether a connection ended because one of the two did not trust the other. */
export function isMistrust(cause: NodeJS.ErrnoException | undefined): boolean {
  return /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_|HOSTNAME_)/.test(cause?.code ?? '')
}

const defaultName = 'raft-peer'

function nameIn({ name }: PeerTls): string {
  return name ?? defaultName
}

function check(tls: PeerTls): void {
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(nameIn(tls)))
    throw invalid(`'${tls.name}' is no DNS name: take one such as ${defaultName}`)
  try {
    createSecureContext({ cert: tls.cert, key: tls.key, ca: tls.ca })
  } catch (cause) {
    throw invalid(
      `certificate, key and authority do not fit together (${reasonOf(cause)}): give PEM files that belong to each other`,
      cause,
    )
  }
  // Every peer would turn this node away, without telling it why.
  if (isPeer(new X509Certificate(tls.cert), nameIn(tls))) return
  throw invalid(`the certificate is not a peer's: it must carry the name ${nameIn(tls)} (subjectAltName=DNS:${nameIn(tls)})`)
}

function invalid(what: string, cause?: unknown): RaftError {
  return new RaftError('INVALID_ARGUMENT', `TLS between nodes: ${what}`, { cause })
}
