import { X509Certificate } from 'node:crypto'
import type { Logger } from 'pino'
import { PeerCertificates } from 'raft-node'
import type { HttpServer } from '../http/server.ts'
import { Authority } from './authority.ts'
import { type PeerTlsFiles, peerTlsIn } from './peer-tls.ts'
import { contents, secureContext, type TlsFiles } from './tls.ts'

type Files = {
  readonly tls?: TlsFiles | undefined
  readonly peerTls?: PeerTlsFiles | undefined
  readonly tokens?: string | undefined
  readonly insecure?: boolean | undefined
}

/** What keeps strangers out, from the files that hold it. @throws RaftError INVALID_ARGUMENT */
export function protectionFrom({ tls, peerTls, tokens, insecure = false }: Files) {
  const authority = tokens === undefined ? undefined : new Authority(contents(tokens))
  const peers = peerTls === undefined ? undefined : new PeerCertificates(peerTlsIn(peerTls))
  let http: ReturnType<typeof secureContext> | undefined
  return {
    authority,
    scheme: tls === undefined ? ('http' as const) : ('https' as const),
    tls: tls !== undefined,
    peers,
    tokens: tokens !== undefined,
    insecure,
    certificates() {
      if (tls !== undefined) http = secureContext(tls)
      return http
    },
    /** When the certificates in use end, by what they are for, in milliseconds of the wall clock. */
    expiries(): Readonly<Record<string, number>> {
      return { ...(http && { http: expiryOf(http.cert) }), ...(peers && { peers: peers.expiresAt }) }
    },
    readPeers: () => (peerTls === undefined ? undefined : peerTlsIn(peerTls)),
    readTokens: () => (tokens === undefined ? undefined : contents(tokens)),
  }
}

function expiryOf(cert: string): number {
  return Date.parse(new X509Certificate(cert).validTo)
}

/** What cannot be used is told, and what was in use before stays: a typing error must not lock everybody out, or in. */
export function reloadFiles(
  { authority, peers, certificates, readPeers, readTokens }: ReturnType<typeof protectionFrom>,
  http: HttpServer,
  log: Logger | undefined,
): void {
  attempt('certificates', log, () => {
    const fresh = certificates()
    if (fresh !== undefined) http.useCertificates(fresh)
    return fresh !== undefined
  })
  attempt('certificates of peers', log, () => {
    const fresh = readPeers()
    if (fresh !== undefined) peers?.renew(fresh)
    return fresh !== undefined
  })
  attempt('tokens', log, () => {
    const text = readTokens()
    if (text !== undefined) authority?.reload(text)
    return text !== undefined
  })
}

function attempt(what: string, log: Logger | undefined, run: () => boolean): void {
  try {
    if (run()) log?.info(`security: ${what} read anew`)
  } catch (error) {
    log?.error(`security: ${what} stay as they were: ${error instanceof Error ? error.message : String(error)}`)
  }
}
