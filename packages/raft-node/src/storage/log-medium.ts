import type { Entry, HardState, Index } from 'raft-core'
import type { Identity } from '../ports.ts'
import type { Chain, Link } from './chain.ts'
import type { LogHead } from './log-head.ts'
import type { Base } from './log-keys.ts'

/** One batch. `entries` follow `keep`, in the place of everything after it that was stored before. */
export type Append = {
  readonly keep: Index
  /** The chain hash at `keep`. */
  readonly chain: number
  readonly entries: readonly Entry[]
  /** Undefined: as it was. */
  readonly hardState: HardState | undefined
  /** The log begins here from now on: a snapshot has taken the place of everything stored before. */
  readonly base: Base | undefined
  /** The last entry stored so far. */
  readonly last: Index
}

/** Without gaps from the base on, as far as it can be read and each entry follows the one before. */
export type ReadEntries = {
  readonly entries: readonly Entry[]
  readonly chain: Chain
  /** Where they end, for people: what comes after is no whole record, or does not follow. Undefined where nothing comes after. */
  readonly stop: string | undefined
  /** Drops whatever lies after them, and makes sure that they themselves survive a power cut. Resolves once that is durable. */
  settle(): Promise<void>
}

/**
 * What a log store puts its batches into. It may lose, forget or alter what it holds without saying so: the log store above holds it
 * against the watermark. Calls come one after the other, `forget` apart.
 */
export interface LogMedium {
  /**
   * Takes it for this process alone. Throws RaftError: `FOLDER_IN_USE` while another process has it, `FOLDER_FOREIGN`,
   * `FOLDER_UNUSABLE`, or `CORRUPT` where it notices by itself. Nothing is changed before.
   */
  open(): Promise<void>
  /**
   * Empties it, whatever state it is in, also after an `open` that found it `CORRUPT`; what it held may be kept beside. Open afterwards,
   * as in a new folder; durable once resolved.
   */
  reset(): Promise<void>
  /** All that it holds besides entries. */
  readHead(): Promise<LogHead>
  readEntries(head: LogHead): Promise<ReadEntries>
  /** True where nothing was ever saved. */
  isEmpty(): Promise<boolean>
  /** Durable once resolved. */
  initialize(identity: Identity): Promise<void>
  /** All of it or nothing, durable once resolved. Returns the links of the entries. */
  append(batch: Append): Promise<readonly Link[]>
  /** The log begins here from now on; what comes after stays. Durable once resolved. */
  moveBase(base: Base): Promise<void>
  /** Nobody needs entries between these indices, both included, any more. Runs beside `append` and does not hold it up. */
  forget(from: Index, to: Index): Promise<void>
  /** Where writes wait until the disk has room: those that do fail from now on. Comes before `close`. */
  stopWaiting?(): void
  close(): Promise<void>
}
