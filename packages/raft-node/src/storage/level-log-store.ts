import type { Entry, Index } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { Clock, Identity, LogBatch, LogState, LogStore } from '../ports.ts'
import type { Batches, KeyRange, KeyValue } from './batches.ts'
import { Chain, type Link } from './chain.ts'
import { encodeRecords } from './entry-record.ts'
import type { Files } from './files.ts'
import { refuseForeignFolder, snapshotFolder } from './folder-layout.ts'
import { checkLog } from './log-check.ts'
import { emptyHead, isEmpty, type LogHead, readHead } from './log-head.ts'
import * as keys from './log-keys.ts'
import { type FoundMarks, type Mark, Watermark } from './watermark.ts'

type Opened = { readonly identity: Identity | undefined; readonly state: LogState }

const whatToDo =
  'Writes that were acknowledged may be missing, so this node must not start from it. Keep the folder as it is, and put a new one in ' +
  'its place with `raftctl node join --replace`; a cluster of one: `raftctl recover`.'

/**
 * The log on an ordered database that may forget without saying so, and a watermark beside it that notices (DESIGN §4, "the log store
 * owns its integrity"). The order that everything rests on:
 *
 * - the watermark is lowered and synced before the log loses entries, and raised after the log's sync: it never runs ahead of the log;
 * - it is written before `save` resolves: no vote and no acknowledgement leaves without it.
 */
export class LevelLogStore implements LogStore {
  readonly #files: Files
  readonly #batches: Batches
  readonly #folder: string
  readonly #watermark: Watermark

  #identity: Identity | undefined
  #hardState = emptyHead.hardState
  /** The commit index went up in memory only; the next batch takes it along. */
  #commitUnsaved = false
  #base = emptyHead.base
  #chain = chainFrom(emptyHead.base)
  #mark: Mark | undefined

  #writes: Promise<unknown> = Promise.resolve()
  #removals: Promise<void> = Promise.resolve()
  #failure: RaftError | undefined
  #closed: Promise<void> | undefined

  constructor({ files, batches, folder, clock }: { files: Files; batches: Batches; folder: string; clock: Clock }) {
    this.#files = files
    this.#batches = batches
    this.#folder = folder
    this.#watermark = new Watermark({ files, folder, clock, onFailure: error => this.#fail(error) })
  }

  async open(): Promise<Opened> {
    try {
      await refuseForeignFolder(this.#files, this.#folder)
      await this.#files.makeFolder(this.#folder)
      await this.#batches.open() // its lock keeps other processes out: nothing of the folder is read or written before
      return await this.#load()
    } catch (error) {
      const reason = this.#openingFailed(error)
      this.#failure = reason
      await this.close()
      throw reason
    }
  }

  async #load(): Promise<Opened> {
    const head = await readHead(this.#batches)
    const found = await this.#watermark.find()
    if (head.identity === undefined) await this.#requireNew(found)
    const entries = head.identity === undefined ? [] : await this.#check(head, head.identity, found)
    return {
      identity: head.identity,
      state: { hardState: this.#hardState, base: this.#base.position, baseChain: this.#base.chain, entries },
    }
  }

  async #check({ hardState, base }: LogHead, identity: Identity, { copies }: FoundMarks): Promise<readonly Entry[]> {
    const records = this.#batches.read(keys.entryRange(base.position.index + 1, Number.MAX_SAFE_INTEGER))
    const { entries, chain, torn } = await checkLog({ identity, hardState, base, records }, copies)
    if (torn.length > 0) await this.#batches.write({ puts: [], removes: torn, sync: true })

    this.#identity = identity
    // What the base covers was committed, whether or not a batch has carried that commit index yet.
    this.#hardState = { ...hardState, commit: Math.max(hardState.commit, base.position.index) }
    this.#base = base
    this.#chain = chain
    this.#mark = this.#markAt(chain.last)
    await this.#watermark.begin(this.#mark)
    void this.#removeInBackground(keys.entryRange(0, base.position.index)) // what a crash left of a removal
    return entries
  }

  /**
   * A database without an identity: a new folder, or one whose log is gone. `initialize` writes the watermark first, so a watermark that
   * never saw a term or an entry is left over from one that was cut short, and nothing was promised.
   */
  async #requireNew({ copies, unreadable }: FoundMarks): Promise<void> {
    const used = copies.some(({ mark }) => mark.term > 0 || mark.index > 0)
    const snapshots = await this.#files.list(`${this.#folder}/${snapshotFolder}`)
    // The first copy is synced before the second is made: two unreadable ones are no beginning.
    if (used || unreadable === 2 || snapshots.length > 0) throw new RaftError('CORRUPT', 'the log is gone, but something beside it remains')
    if (await isEmpty(this.#batches)) return
    if (copies.length > 0) throw new RaftError('CORRUPT', 'the log does not say whose it is')
    throw new RaftError('FOLDER_FOREIGN', 'the database is not of a node. Name a folder that is empty or new.')
  }

  initialize(identity: Identity): Promise<void> {
    return this.#exclusive(async () => {
      this.#requireInitializable(identity)
      const mark: Mark = { identity, term: 0, vote: undefined, index: 0, chain: 0, repairing: false }
      await this.#watermark.begin(mark)
      await this.#batches.write({ puts: [[keys.identityKey, keys.encodeIdentity(identity)]], removes: [], sync: true })
      this.#identity = identity
      this.#mark = mark
    })
  }

  /** A folder that has not joined yet has an incarnation and no cluster. */
  #requireInitializable(identity: Identity): void {
    if (this.#identity === undefined) return
    const { clusterId, incarnation, nodeId } = this.#identity
    const unused = this.#chain.last === 0 && this.#hardState.term === 0
    if (clusterId === '' && incarnation === identity.incarnation && unused) return
    throw new RaftError('INVALID_ARGUMENT', `${this.#folder} belongs to ${nodeId} already. Name another folder.`)
  }

  save(batch: LogBatch): Promise<void> {
    return this.#exclusive(() => this.#save(batch))
  }

  async #save({ hardState = this.#hardState, entries, resetTo, mustSync }: LogBatch): Promise<void> {
    const ballotChanged = hardState.term !== this.#hardState.term || hardState.vote !== this.#hardState.vote
    const commitChanged = this.#commitUnsaved || hardState.commit !== this.#hardState.commit
    if (!mustSync && !ballotChanged && entries.length === 0 && resetTo === undefined) {
      this.#hardState = hardState
      this.#commitUnsaved = commitChanged
      return
    }

    const keep = resetTo?.position.index ?? (entries[0]?.index ?? this.#chain.last + 1) - 1
    this.#requireFitting(keep, entries, resetTo !== undefined)
    await this.#lowerTo(resetTo === undefined ? keep : this.#base.position.index)

    const { puts, links } = putsFor(entries, resetTo?.chain ?? this.#chain.at(keep)?.hash ?? 0)
    if (ballotChanged || commitChanged) puts.push([keys.hardStateKey, keys.encodeHardState(hardState)])
    if (resetTo !== undefined) puts.push([keys.baseKey, keys.encodeBase(resetTo)])
    await this.#batches.write({ puts, removes: entryKeys(keep + links.length + 1, this.#chain.last), sync: true })

    if (resetTo !== undefined) this.#reset(resetTo)
    this.#chain.replaceAfter(keep, links)
    this.#hardState = hardState
    this.#commitUnsaved = false
    this.#mark = this.#markAt(this.#chain.last)
    await this.#watermark.set(this.#mark, { sync: ballotChanged })
  }

  /** A caller's mistake costs the caller an error, and the log nothing. */
  #requireFitting(keep: Index, entries: readonly Entry[], reset: boolean): void {
    const first = this.#base.position.index
    const inReach = keep >= first && (reset || keep <= this.#chain.last)
    if (this.#identity === undefined) throw new RaftError('INVALID_ARGUMENT', 'initialize the log store before saving')
    if (inReach && entries.every((entry, i) => entry.index === keep + 1 + i)) return
    const log = `a log from ${first} to ${this.#chain.last}`
    throw new RaftError('INVALID_ARGUMENT', `what is to be kept up to ${keep} and the entries after it do not fit ${log} without gaps`)
  }

  /** Before the log loses what comes after `index`. While the batch is under way, the log shows this mark whether it is in or not. */
  async #lowerTo(index: Index): Promise<void> {
    if (this.#mark === undefined || this.#mark.index <= index) return
    this.#mark = this.#markAt(index)
    await this.#watermark.set(this.#mark, { sync: true })
  }

  #reset(base: keys.Base): void {
    const removable = keys.entryRange(this.#base.position.index, base.position.index)
    this.#base = base
    this.#chain = chainFrom(base)
    void this.#removeInBackground(removable) // from the base down nothing is read any more
  }

  #markAt(index: Index): Mark {
    const link = this.#chain.at(index)
    if (this.#identity === undefined || link === undefined) throw new Error(`no mark can be made at ${index}`)
    const { term, vote } = this.#hardState
    return { identity: this.#identity, term, vote, index, chain: link.hash, repairing: false }
  }

  async compact(index: Index): Promise<void> {
    const removable = await this.#exclusive(() => this.#moveBase(index))
    if (removable !== undefined) await this.#removeInBackground(removable)
    this.#requireWorking()
  }

  /** One small synced batch; the removal comes after it and holds nobody up. Without the sync a power cut could leave a gap. */
  async #moveBase(index: Index): Promise<KeyRange | undefined> {
    const old = this.#base.position.index
    const link = this.#chain.at(index)
    if (index <= old || link === undefined) return undefined
    const base: keys.Base = { position: { term: link.term, index }, chain: link.hash }
    await this.#batches.write({ puts: [[keys.baseKey, keys.encodeBase(base)]], removes: [], sync: true })
    this.#base = base
    this.#chain.dropBefore(index)
    return keys.entryRange(old, index)
  }

  /** Resolves also when it fails: the store has failed then. */
  #removeInBackground(range: KeyRange): Promise<void> {
    const done = this.#removals.then(() => this.#batches.removeRange(range))
    this.#removals = done.catch(error => void this.#fail(error))
    return this.#removals
  }

  chainAt(index: Index): number | undefined {
    return this.#chain.at(index)?.hash
  }

  /** One write after the other: two would race for where the log begins. */
  #exclusive<T>(write: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(this.#failure ?? this.#isClosed())
    const done = this.#writes.then(async () => {
      this.#requireWorking()
      try {
        return await write()
      } catch (error) {
        if (error instanceof RaftError && error.code === 'INVALID_ARGUMENT') throw error
        throw this.#fail(error)
      }
    })
    this.#writes = done.catch(() => {})
    return done
  }

  #requireWorking(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  #isClosed(): RaftError {
    return new RaftError('STORAGE_FAILED', `the log in ${this.#folder} is closed: nothing was written`, { outcome: 'not-applied' })
  }

  /** Final: what a failed write has left on disk is unknown, and asking again may be answered from memory. */
  #fail(cause: unknown): RaftError {
    const what = cause instanceof Error ? cause.message : String(cause)
    const help = 'Look at the disk (is it full?), then start the node again: it checks the log on opening.'
    this.#failure ??= new RaftError('STORAGE_FAILED', `the log in ${this.#folder} could not be written (${what}). ${help}`, { cause })
    return this.#failure
  }

  #openingFailed(cause: unknown): RaftError {
    if (!(cause instanceof RaftError)) {
      const what = cause instanceof Error ? cause.message : String(cause)
      const help = 'Check that its disk is there and writable.'
      return new RaftError('FOLDER_UNUSABLE', `${this.#folder} cannot be used: ${what}. ${help}`, { cause })
    }
    if (cause.message.includes(this.#folder) && cause.code !== 'CORRUPT') return cause
    const help = cause.code === 'CORRUPT' ? `. ${whatToDo}` : ''
    return new RaftError(cause.code, `${this.#folder}: ${cause.message}${help}`, { cause })
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.#writes
    await this.#removals
    const working = this.#failure === undefined
    try {
      if (working && this.#commitUnsaved) {
        await this.#batches.write({ puts: [[keys.hardStateKey, keys.encodeHardState(this.#hardState)]], removes: [], sync: true })
      }
      await this.#watermark.close({ sync: working })
    } catch (error) {
      this.#fail(error)
    } finally {
      await this.#batches.close()
    }
  }
}

function chainFrom({ position, chain }: keys.Base): Chain {
  return new Chain(position.index, { term: position.term, hash: chain })
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
