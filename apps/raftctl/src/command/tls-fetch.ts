import { readFile } from 'node:fs/promises'
import type { KvClientOptions } from 'kv-client'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'
import type { TlsFiles } from './settings.ts'

/** A fetch that trusts and shows what the files hold. @throws Failure that names the file. */
export async function tlsFetch({ cacert, cert, key }: TlsFiles): Promise<KvClientOptions['fetch']> {
  const [{ httpsFetch }, ...texts] = await Promise.all([import('kv-client/node'), ...[cacert, cert, key].map(contents)])
  const [ca, shown, secret] = texts
  return httpsFetch({ ca, cert: shown, key: secret })
}

async function contents(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  return readFile(file, 'utf8').catch(error => {
    throw new Failure(`${file} cannot be read (${error.code ?? error}); name a file in PEM that you may read`, exitCodes.usage)
  })
}
