import { readFileSync } from 'node:fs'
import type { SecureContextOptions } from 'node:tls'
import { RaftError } from 'raft-node'

/** Files in PEM. */
export type TlsFiles = {
  readonly cert: string
  readonly key: string
  /** Clients must show a certificate that one of these has signed. */
  readonly clientCa?: string | undefined
}

/** What the files hold now. @throws RaftError INVALID_ARGUMENT, naming the file. */
export function secureContext({
  cert,
  key,
  clientCa,
}: TlsFiles): SecureContextOptions & { cert: string; requestCert: boolean; rejectUnauthorized: boolean } {
  const mutual = clientCa !== undefined
  return {
    cert: contents(cert),
    key: contents(key),
    minVersion: 'TLSv1.2',
    ...(mutual && { ca: contents(clientCa) }),
    requestCert: mutual,
    rejectUnauthorized: mutual,
  }
}

export function contents(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause)
    throw new RaftError('INVALID_ARGUMENT', `${file} cannot be read (${reason}): name a file that this user may read`, { cause })
  }
}
