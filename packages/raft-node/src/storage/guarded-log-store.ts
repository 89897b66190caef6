import type { Entry, Index } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { Clock, Identity, LogBatch, LogDamage, LogState, LogStore } from '../ports.ts'
import { Chain } from './chain.ts'
import { isDiskFull } from './disk-full.ts'
import type { Files } from './files.ts'
import { type LogKind, refuseForeignFolder, refuseOtherStore, snapshotFolder } from './folder-layout.ts'
import { checkLog, checkNew, checkOwner } from './log-check.ts'
import { emptyHead, type LogHead } from './log-head.ts'
import type { Base } from './log-keys.ts'
import type { LogMedium } from './log-medium.ts'
import { OneByOne } from './one-by-one.ts'
import { repairableMark } from './repairable.ts'
import { type FoundMarks, type Mark, Watermark } from './watermark.ts'

type Opened = { readonly identity: Identity | undefined; readonly state: LogState; readonly damage?: LogDamage | undefined }

const whatToDo =
  'Writes that were acknowledged may be missing, so this node must not start from it. Keep the folder as it is, and put a new one in ' +
  'its place with `raftctl node join --replace`; a cluster of one: `raftctl recover`.'

/** A range of indices, both included. */
type Forgettable = { readonly from: Index; readonly to: Index }

/**
 * The log in a medium that may forget without saying so, and a watermark beside it that notices (DESIGN §4, "the log store owns its
 * integrity"): what all log stores have in common. The order that everything rests on:
 *
 * - the watermark is lowered and synced before the log loses entries, and raised after the log's sync: it never runs ahead of the log;
 * - it is written before `save` resolves: no vote and no acknowledgement leaves without it.
 */
export class GuardedLogStore implements LogStore {
  readonly #kind: LogKind
  readonly #files: Files
  readonly #medium: LogMedium
  readonly #folder: string
  readonly #watermark: Watermark

  #identity: Identity | undefined
  #hardState = emptyHead.hardState
  /** The commit index went up in memory only; the next batch takes it along. */
  #commitUnsaved = false
  #base = emptyHead.base
  #chain = chainFrom(emptyHead.base)
  #mark: Mark | undefined
  /** Nothing that the medium holds is to be believed, nor may anything be put beside it. */
  #isDamaged = false

  readonly #writes = new OneByOne()
  #removals: Promise<void> = Promise.resolve()
  #failure: RaftError | undefined
  #closed: Promise<void> | undefined

  constructor({ kind, files, medium, folder, clock }: { kind: LogKind; files: Files; medium: LogMedium; folder: string; clock: Clock }) {
    this.#kind = kind
    this.#files = files
    this.#medium = medium
    this.#folder = folder
    this.#watermark = new Watermark({ files, folder, clock, onFailure: error => this.#fail(error) })
  }

  async open(): Promise<Opened> {
    try {
      await refuseForeignFolder(this.#files, this.#folder)
      await refuseOtherStore(this.#files, this.#folder, this.#kind)
      await this.#files.makeFolder(this.#folder)
      const opened = await corruption(this.#medium.open()) // its lock keeps other processes out: nothing is read or written before
      await refuseOtherStore(this.#files, this.#folder, this.#kind) // each makes its own folder first: of two at once one sees the other's
      return await this.#load(opened instanceof RaftError ? opened : undefined)
    } catch (error) {
      const reason = this.#openingFailed(error)
      this.#failure = reason
      await this.close()
      throw reason
    }
  }

  async #load(damage: RaftError | undefined): Promise<Opened> {
    const head = damage ?? (await corruption(this.#medium.readHead()))
    const found = await this.#watermark.find()
    if (head instanceof RaftError) return this.#damaged(head, undefined, found)
    if (head.identity !== undefined) checkOwner(head.identity, found.copies)
    const checked = await corruption(this.#believe(head, found))
    return checked instanceof RaftError ? this.#damaged(checked, head, found) : checked
  }

  async #believe(head: LogHead, found: FoundMarks): Promise<Opened> {
    const { identity } = head
    if (identity === undefined) await this.#requireNew(found)
    const entries = identity === undefined ? [] : await this.#check(head, identity, found)
    const reason = 'a repair of this log was begun and is not finished'
    return { identity, state: this.#state(entries), damage: this.#isRepairing ? { reason, isRepairing: true } : undefined }
  }

  /** The log cannot be believed. Where the watermark still tells whose it is, and how it voted, it can be filled again. */
  #damaged(reason: RaftError, head: LogHead | undefined, found: FoundMarks): Opened {
    const mark = repairableMark(found, head?.hardState)
    if (mark === undefined) throw reason
    const { identity, term, vote } = mark
    this.#identity = identity
    this.#hardState = { term, vote, commit: 0 }
    this.#mark = mark
    this.#isDamaged = true
    return { identity, state: this.#state([]), damage: { reason: reason.message, isRepairing: false } }
  }

  #state(entries: readonly Entry[]): LogState {
    return { hardState: this.#hardState, base: this.#base.position, baseChain: this.#base.chain, entries }
  }

  beginRepair(): Promise<LogState> {
    return this.#exclusive(async () => {
      if (this.#identity === undefined || this.#mark === undefined) throw new RaftError('INVALID_ARGUMENT', 'a new folder needs no repair')
      if (this.#isRepairing && !this.#isDamaged && this.#chain.last === 0) return this.#state([]) // emptied, and nothing has come since
      const { term, vote } = this.#hardState
      this.#mark = { ...this.#mark, term, vote, repairing: true }
      await this.#watermark.begin(this.#mark)
      await this.#removals
      await this.#medium.reset()
      await this.#medium.initialize(this.#identity)
      this.#hardState = { term, vote, commit: 0 }
      await this.#medium.append({ keep: 0, chain: 0, entries: [], hardState: this.#hardState, base: undefined, last: 0 })
      this.#commitUnsaved = false
      this.#base = emptyHead.base
      this.#chain = chainFrom(emptyHead.base)
      this.#isDamaged = false
      return this.#state([])
    })
  }

  get #isRepairing(): boolean {
    return this.#mark?.repairing === true
  }

  async #check(head: LogHead, identity: Identity, { copies }: FoundMarks): Promise<readonly Entry[]> {
    const { hardState, base } = head
    const { entries, chain, settle } = await checkLog({ identity, hardState, base, read: () => this.#medium.readEntries(head) }, copies)
    await settle()

    this.#identity = identity
    // What the base covers was committed, whether or not a batch has carried that commit index yet.
    this.#hardState = { ...hardState, commit: Math.max(hardState.commit, base.position.index) }
    this.#base = base
    this.#chain = chain
    const found = copies[0]?.mark
    this.#mark = found?.repairing ? { ...found, term: hardState.term, vote: hardState.vote } : this.#markAt(chain.last)
    await this.#watermark.begin(this.#mark)
    void this.#forgetInBackground({ from: 0, to: base.position.index }) // what a crash left of a removal
    return entries
  }

  /** A log without an identity: a new folder's, or it is none. */
  async #requireNew(found: FoundMarks): Promise<void> {
    checkNew(found, await this.#files.list(`${this.#folder}/${snapshotFolder}`))
    if (await this.#medium.isEmpty()) return
    if (found.copies.length > 0) throw new RaftError('CORRUPT', 'the log does not say whose it is')
    throw new RaftError('FOLDER_FOREIGN', 'its log is not of a node. Name a folder that is empty or new.')
  }

  initialize(identity: Identity): Promise<void> {
    return this.#exclusive(async () => {
      this.#requireInitializable(identity)
      const mark: Mark = { identity, term: 0, vote: undefined, index: 0, chain: 0, repairing: false }
      await this.#watermark.begin(mark)
      await this.#medium.initialize(identity)
      this.#identity = identity
      this.#mark = mark
    })
  }

  /**
   * The folder goes over to another cluster, with all that it holds: only for the recovery of one that has lost its majority. A watermark
   * without a cluster fits both; so whenever this is cut short, the folder belongs to one of the two.
   */
  changeCluster(clusterId: string): Promise<void> {
    return this.#exclusive(async () => {
      if (this.#identity === undefined || this.#mark === undefined || this.#isDamaged || this.#isRepairing)
        throw new RaftError('INVALID_ARGUMENT', `${this.#folder} holds no whole log of a node`)
      const identity = { ...this.#identity, clusterId }
      await this.#watermark.begin({ ...this.#mark, identity: { ...identity, clusterId: '' } })
      await this.#medium.initialize(identity)
      this.#identity = identity
      this.#mark = { ...this.#mark, identity }
      await this.#watermark.begin(this.#mark)
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

  async #save({ hardState = this.#hardState, entries, resetTo, mustSync, repaired }: LogBatch): Promise<void> {
    const ballotChanged = hardState.term !== this.#hardState.term || hardState.vote !== this.#hardState.vote
    const commitChanged = this.#commitUnsaved || hardState.commit !== this.#hardState.commit
    if (!mustSync && !ballotChanged && entries.length === 0 && resetTo === undefined) {
      this.#hardState = hardState
      this.#commitUnsaved = commitChanged
      return
    }

    const keep = resetTo?.position.index ?? (entries[0]?.index ?? this.#chain.last + 1) - 1
    this.#requireFitting(keep, entries, resetTo !== undefined)
    const lowered = this.#lowerTo(resetTo === undefined ? keep : this.#base.position.index)
    if (lowered !== undefined) await lowered

    const links = await this.#medium.append({
      keep,
      chain: resetTo?.chain ?? this.#chain.at(keep)?.hash ?? 0,
      entries,
      hardState: ballotChanged || commitChanged ? hardState : undefined,
      base: resetTo,
      last: this.#chain.last,
    })

    if (resetTo !== undefined) this.#reset(resetTo)
    this.#chain.replaceAfter(keep, links)
    this.#hardState = hardState
    this.#commitUnsaved = false
    await this.#raiseMark(ballotChanged, repaired === true)
  }

  /** Undefined where there is nothing to be written. */
  #raiseMark(ballotChanged: boolean, repaired: boolean): Promise<void> | undefined {
    const { term, vote } = this.#hardState
    if (this.#mark?.repairing && !repaired) {
      this.#mark = { ...this.#mark, term, vote }
      return ballotChanged ? this.#watermark.set(this.#mark, { sync: true }) : undefined
    }
    const wasRepairing = this.#isRepairing
    this.#mark = this.#markAt(this.#chain.last)
    // Both copies: one that says otherwise must not be all that is left when the other is damaged.
    return wasRepairing ? this.#watermark.begin(this.#mark) : this.#watermark.set(this.#mark, { sync: ballotChanged })
  }

  /** A caller's mistake costs the caller an error, and the log nothing. */
  #requireFitting(keep: Index, entries: readonly Entry[], reset: boolean): void {
    const first = this.#base.position.index
    const inReach = keep >= first && (reset || keep <= this.#chain.last)
    if (this.#identity === undefined) throw new RaftError('INVALID_ARGUMENT', 'initialize the log store before saving')
    if (this.#isDamaged) throw new RaftError('INVALID_ARGUMENT', 'the log is damaged: begin a repair before saving')
    if (inReach && entries.every((entry, i) => entry.index === keep + 1 + i)) return
    const log = `a log from ${first} to ${this.#chain.last}`
    throw new RaftError('INVALID_ARGUMENT', `what is to be kept up to ${keep} and the entries after it do not fit ${log} without gaps`)
  }

  /** Before the log loses what comes after `index`. While the batch is under way, the log shows this mark whether it is in or not. */
  #lowerTo(index: Index): Promise<void> | undefined {
    if (this.#mark === undefined || this.#isRepairing || this.#mark.index <= index) return undefined
    this.#mark = this.#markAt(index)
    return this.#watermark.set(this.#mark, { sync: true })
  }

  #reset(base: Base): void {
    const forgettable = { from: this.#base.position.index, to: base.position.index }
    this.#base = base
    this.#chain = chainFrom(base)
    void this.#forgetInBackground(forgettable) // from the base down nothing is read any more
  }

  #markAt(index: Index): Mark {
    const link = this.#chain.at(index)
    if (this.#identity === undefined || link === undefined) throw new Error(`no mark can be made at ${index}`)
    const { term, vote } = this.#hardState
    return { identity: this.#identity, term, vote, index, chain: link.hash, repairing: false }
  }

  async compact(index: Index): Promise<void> {
    const forgettable = await this.#exclusive(() => this.#moveBase(index))
    if (forgettable !== undefined) await this.#forgetInBackground(forgettable)
    this.#requireWorking()
  }

  /** One small synced write; the removal comes after it and holds nobody up. */
  async #moveBase(index: Index): Promise<Forgettable | undefined> {
    const old = this.#base.position.index
    const link = this.#chain.at(index)
    if (index <= old || link === undefined) return undefined
    const base: Base = { position: { term: link.term, index }, chain: link.hash }
    await this.#medium.moveBase(base)
    this.#base = base
    this.#chain.dropBefore(index)
    return { from: old, to: index }
  }

  /** Resolves also when it fails: the store has failed then. */
  #forgetInBackground({ from, to }: Forgettable): Promise<void> {
    const done = this.#removals.then(() => this.#medium.forget(from, to))
    this.#removals = done.catch(error => void this.#fail(error))
    return this.#removals
  }

  chainAt(index: Index): number | undefined {
    return this.#chain.at(index)?.hash
  }

  /** One write after the other: two would race for where the log begins. */
  #exclusive<T>(write: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(this.#failure ?? this.#isClosed())
    return this.#writes.run(async () => {
      this.#requireWorking()
      try {
        return await write()
      } catch (error) {
        if (error instanceof RaftError && error.code === 'INVALID_ARGUMENT') throw error
        throw this.#fail(error)
      }
    })
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
      const help = isDiskFull(cause) ? 'Its disk is full: make room there.' : 'Check that its disk is there and writable.'
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
    this.#medium.stopWaiting?.()
    this.#watermark.stopWaiting()
    await this.#writes.idle()
    await this.#removals
    const working = this.#failure === undefined
    try {
      if (working && this.#commitUnsaved) {
        const { last } = this.#chain
        const chain = this.#chain.at(last)?.hash ?? 0
        await this.#medium.append({ keep: last, chain, entries: [], hardState: this.#hardState, base: undefined, last })
      }
      await this.#watermark.close({ sync: working })
    } catch (error) {
      this.#fail(error)
    } finally {
      await this.#medium.close()
    }
  }
}

/** What it resolves with, or the CORRUPT that it rejects with. */
async function corruption<T>(work: Promise<T>): Promise<T | RaftError> {
  try {
    return await work
  } catch (error) {
    if (error instanceof RaftError && error.code === 'CORRUPT') return error
    throw error
  }
}

function chainFrom({ position, chain }: Base): Chain {
  return new Chain(position.index, { term: position.term, hash: chain })
}
