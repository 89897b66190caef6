import type { HardState } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { Identity } from '../ports.ts'
import type { Batches } from './batches.ts'
import * as keys from './log-keys.ts'

export const emptyHead: LogHead = {
  identity: undefined,
  hardState: { term: 0, vote: undefined, commit: 0 },
  base: { position: { term: 0, index: 0 }, chain: 0 },
}

/** All that the database holds besides entries. */
export type LogHead = { readonly identity: Identity | undefined; readonly hardState: HardState; readonly base: keys.Base }

export async function readHead(batches: Batches): Promise<LogHead> {
  const records = new Map<string, Uint8Array>()
  for await (const page of batches.read(keys.allButEntries)) for (const [key, value] of page) records.set(key.join(), value)

  function get<T>(key: Uint8Array, what: string, decode: (bytes: Uint8Array) => T | undefined): T | undefined {
    const bytes = records.get(key.join())
    const value = bytes && decode(bytes)
    if (bytes !== undefined && value === undefined) throw new RaftError('CORRUPT', `the record of ${what} is damaged`)
    return value
  }
  return {
    identity: get(keys.identityKey, 'whose log this is', keys.decodeIdentity),
    hardState: get(keys.hardStateKey, 'term and vote', keys.decodeHardState) ?? emptyHead.hardState,
    base: get(keys.baseKey, 'where the log begins', keys.decodeBase) ?? emptyHead.base,
  }
}

export async function isEmpty(batches: Batches): Promise<boolean> {
  for await (const page of batches.read(keys.everything)) if (page.length > 0) return false
  return true
}
