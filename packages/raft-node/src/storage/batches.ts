/** A key with its value. */
export type KeyValue = readonly [key: Uint8Array, value: Uint8Array]

/** Keys from `from` up to and including `to`, in the order of their bytes. */
export type KeyRange = { readonly from: Uint8Array; readonly to: Uint8Array }

type Batch = {
  readonly puts: readonly KeyValue[]
  readonly removes: readonly Uint8Array[]
  /** Resolve only once this batch and every earlier one survives a power cut. */
  readonly sync: boolean
}

/**
 * What the log store needs of a database: ordered keys and atomic batches. It may lose, forget or alter what it holds without saying so
 * (LevelDB does after a flipped bit); the log store above checks. LevelDB in production, simulated in raft-sim.
 */
export interface Batches {
  /**
   * Throws RaftError: `FOLDER_IN_USE` while another process has it, `FOLDER_FOREIGN`, `FOLDER_UNUSABLE`, or `CORRUPT` where it notices
   * by itself. What can be read after opening survives a power cut, also if it was written without `sync` before a crash: a node
   * acknowledges what it finds in its log.
   */
  open(): Promise<void>
  /** Empties it, whatever state it is in (what it held may be kept elsewhere), also after an `open` that found it `CORRUPT`. Open afterwards; durable once resolved. */
  reset(): Promise<void>
  /** All of it or nothing, in the order of the calls; the bytes are taken over when the call is made. */
  write(batch: Batch): Promise<void>
  /** Removes a range bit by bit, beside writes, without holding them up. A crash may leave some of it. */
  removeRange(range: KeyRange): Promise<void>
  /** In order of the keys, some at a time. The values are fresh memory. */
  read(range: KeyRange): AsyncIterable<readonly KeyValue[]>
  /** Where writes wait until the disk has room: those that do fail from now on. */
  stopWaiting?(): void
  close(): Promise<void>
}
