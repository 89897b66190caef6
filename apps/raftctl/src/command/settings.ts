import { type Context, contextNamed, readContexts } from '../context/contexts.ts'
import { endpointOf, listOf } from './endpoint.ts'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'

/** What the flags of a command that talks to a cluster say; undefined where neither flag nor variable was given. */
export type ConnectionFlags = {
  readonly endpoints?: readonly string[] | undefined
  readonly context?: string | undefined
  readonly timeout?: number | undefined
  readonly token?: string | undefined
  readonly cacert?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** Whom to ask, as whom, for how long: everything decided. */
export type Settings = {
  /** `host:port`, with `https://` before it where that is spoken. */
  readonly endpoints: readonly string[]
  readonly timeoutMs: number
  readonly token: string | undefined
  readonly files: TlsFiles
  readonly isSecure: boolean
}

/** Files in PEM. */
export type TlsFiles = { readonly cacert: string | undefined; readonly cert: string | undefined; readonly key: string | undefined }

/** A flag or its variable counts for more than the context, and that for more than what holds without any. @throws Failure */
export async function settingsOf(flags: ConnectionFlags): Promise<Settings> {
  const context = await contextOf(flags)
  // A token and certificates belong to the cluster of the context: another one that the endpoints name must not get to see them.
  const own = flags.endpoints === undefined || flags.context !== undefined ? context : {}
  const files = { cacert: flags.cacert ?? own.cacert, cert: flags.cert ?? own.cert, key: flags.key ?? own.key }
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw new Failure('a certificate is of use only with its private key: give --cert and --key', exitCodes.usage)
  }
  const given = listOf(flags.endpoints ?? own.endpoints ?? ['127.0.0.1:8180']).map(endpoint => endpointOf(endpoint, '--endpoints'))
  const isSecure = files.cacert !== undefined || files.cert !== undefined || given.some(endpoint => endpoint.startsWith('https://'))
  return {
    endpoints: given.map(endpoint => secured(endpoint, isSecure)),
    timeoutMs: flags.timeout ?? own.timeout ?? 5_000,
    token: flags.token ?? own.token,
    files,
    isSecure,
  }
}

/** The address of a member, which knows no scheme, as one to ask. */
export function secured(endpoint: string, isSecure: boolean): string {
  return isSecure && !endpoint.startsWith('https://') ? `https://${endpoint}` : endpoint
}

async function contextOf({ context }: ConnectionFlags): Promise<Context> {
  const contexts = await readContexts()
  const name = context ?? contexts.current
  return name === null ? {} : contextNamed(contexts, name)
}
