import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { RaftError } from 'raft-node'

/** Files in PEM. */
export type TlsFiles = {
  readonly cert: string
  readonly key: string
  /** Clients must show a certificate that one of these has signed. */
  readonly clientCa?: string | undefined
}

/** What the files hold now. @throws RaftError INVALID_ARGUMENT, naming the file, or those that do not fit together. */
export function secureContext({
  cert,
  key,
  clientCa,
}: TlsFiles): SecureContextOptions & { cert: string; requestCert: boolean; rejectUnauthorized: boolean } {
  const mutual = clientCa !== undefined
  const context = { cert: contents(cert), key: contents(key), minVersion: 'TLSv1.2' as const, ...(mutual && { ca: contents(clientCa) }) }
  try {
    createSecureContext(context)
  } catch (cause) {
    const files = [cert, key, clientCa].filter(file => file !== undefined).join(', ')
    const help = 'give PEM files, a certificate and the key that belongs to it'
    throw new RaftError('INVALID_ARGUMENT', `${files} cannot be used (${(cause as Error).message}): ${help}`, { cause })
  }
  return { ...context, requestCert: mutual, rejectUnauthorized: mutual }
}

export function contents(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause)
    throw new RaftError('INVALID_ARGUMENT', `${file} cannot be read (${reason}): name a file that this user may read`, { cause })
  }
}
