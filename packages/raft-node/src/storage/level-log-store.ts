import type { Entry, Index } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { Clock, Identity } from '../ports.ts'
import type { Batches, KeyValue } from './batches.ts'
import { Chain, type Link } from './chain.ts'
import { decodeRecord, encodeRecords } from './entry-record.ts'
import type { Files } from './files.ts'
import { GuardedLogStore } from './guarded-log-store.ts'
import { isEmpty, type LogHead, readHead } from './log-head.ts'
import * as keys from './log-keys.ts'
import type { Append, LogMedium, ReadEntries } from './log-medium.ts'
import { ReopeningBatches } from './reopening-batches.ts'

type Parts = {
  readonly files: Files
  readonly batches: Batches
  readonly folder: string
  readonly clock: Clock
  /** When the disk is full, before LevelDB is opened once more. */
  readonly makeRoom?: (() => Promise<void>) | undefined
}

/** The log in LevelDB. */
export class LevelLogStore extends GuardedLogStore {
  constructor({ files, batches, folder, clock, makeRoom }: Parts) {
    const reopening = new ReopeningBatches({ batches, clock, makeRoom })
    const medium = new LevelMedium(reopening)
    reopening.check = () => medium.checkReopened()
    super({ kind: 'level', files, medium, folder, clock })
  }
}

/** An ordered database: three small records, and one per entry. */
export class LevelMedium implements LogMedium {
  readonly #batches: Batches
  /** An entry that the log holds whether or not the batch under way is in it, and the term that it knows at least. */
  #sure = { index: 0, hash: 0, term: 0 }

  constructor(batches: Batches) {
    this.#batches = batches
  }

  open(): Promise<void> {
    return this.#batches.open()
  }

  async reset(): Promise<void> {
    await this.#batches.reset()
    this.#sure = { index: 0, hash: 0, term: 0 }
  }

  /** Whether it holds what it must after it was opened once more: each entry's hash covers all before it. Throws RaftError `CORRUPT`. */
  async checkReopened(): Promise<void> {
    const head = await this.readHead()
    const { chain } = await this.#read(head)
    const { index, hash, term } = this.#sure
    const isThere = index < head.base.position.index || chain.at(index)?.hash === hash
    if (!isThere || head.hardState.term < term) throw new RaftError('CORRUPT', `the database lost what it had up to entry ${index}`)
  }

  readHead(): Promise<LogHead> {
    return readHead(this.#batches)
  }

  isEmpty(): Promise<boolean> {
    return isEmpty(this.#batches)
  }

  async readEntries(head: LogHead): Promise<ReadEntries> {
    const read = await this.#read(head)
    const settle = async () => {
      await read.settle()
      const { last } = read.chain
      this.#sure = { index: last, hash: read.chain.at(last)?.hash ?? 0, term: head.hardState.term }
    }
    return { ...read, settle }
  }

  /** Up to the first record that is missing, damaged, or not the one that belongs there. */
  async #read({ hardState, base }: LogHead): Promise<ReadEntries> {
    const entries: Entry[] = []
    const links: Link[] = []
    const torn: Uint8Array[] = []
    let chain = base.chain
    let term = base.position.term
    let index = base.position.index + 1
    for await (const page of this.#batches.read(keys.entryRange(index, Number.MAX_SAFE_INTEGER))) {
      for (const [key, value] of page) {
        const record = torn.length === 0 && sameBytes(key, keys.entryKey(index)) ? decodeRecord(value, chain) : undefined
        const fits =
          record !== undefined && record.entry.index === index && record.entry.term >= term && record.entry.term <= hardState.term
        if (!fits) {
          torn.push(key)
          continue
        }
        entries.push(record.entry)
        chain = record.chain
        term = record.entry.term
        links.push({ term, hash: chain })
        index++
      }
    }
    const settle = async () => {
      if (torn.length > 0) await this.#batches.write({ puts: [], removes: torn, sync: true })
    }
    const stop = torn.length > 0 ? `${torn.length} records after entry ${index - 1} are damaged or do not follow` : undefined
    return { entries, chain: new Chain(base.position.index, { term: base.position.term, hash: base.chain }, links), stop, settle }
  }

  initialize(identity: Identity): Promise<void> {
    return this.#batches.write({ puts: [[keys.identityKey, keys.encodeIdentity(identity)]], removes: [], sync: true })
  }

  async append({ keep, chain, entries, hardState, base, last }: Append): Promise<readonly Link[]> {
    const { puts, links } = putsFor(entries, chain)
    if (hardState !== undefined) puts.push([keys.hardStateKey, keys.encodeHardState(hardState)])
    if (base !== undefined) puts.push([keys.baseKey, keys.encodeBase(base)])
    const { term } = this.#sure
    this.#sure = base === undefined ? { index: keep, hash: chain, term } : { index: 0, hash: 0, term }
    await this.#batches.write({ puts, removes: entryKeys(keep + links.length + 1, last), sync: true })
    this.#sure = { index: keep + links.length, hash: links.at(-1)?.hash ?? chain, term: hardState?.term ?? term }
    return links
  }

  /** Without the sync a power cut could leave a gap. */
  moveBase(base: keys.Base): Promise<void> {
    return this.#batches.write({ puts: [[keys.baseKey, keys.encodeBase(base)]], removes: [], sync: true })
  }

  forget(from: Index, to: Index): Promise<void> {
    return this.#batches.removeRange(keys.entryRange(from, to))
  }

  stopWaiting(): void {
    this.#batches.stopWaiting?.()
  }

  close(): Promise<void> {
    return this.#batches.close()
  }
}

function putsFor(entries: readonly Entry[], chain: number): { readonly puts: KeyValue[]; readonly links: Link[] } {
  const puts: KeyValue[] = []
  const links: Link[] = []
  for (const [i, record] of encodeRecords(entries, chain).entries()) {
    const { index, term } = entries[i] as Entry
    puts.push([keys.entryKey(index), record.bytes])
    links.push({ term, hash: record.chain })
  }
  return { puts, links }
}

function entryKeys(from: Index, to: Index): Uint8Array[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => keys.entryKey(from + i))
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
