/**
 * The disk, as far as watermark, snapshots and write-ahead log need it: real in `node-files.ts`, simulated in raft-sim, one contract for
 * both (`contracts/files.ts`). Paths are joined with `/`. A failure rejects with whatever the disk says; the stores give it a meaning.
 */
export interface Files {
  /** Undefined when there is none. */
  open(path: string): Promise<OpenFile | undefined>
  /** Opens it for reading and writing; made when absent, for its owner alone, and kept as it is otherwise. */
  create(path: string): Promise<OpenFile>
  /** Atomic; replaces what is at `to`. Durable after `syncFolder`. Files that are open stay open. */
  rename(from: string, to: string): Promise<void>
  /** Nothing happens when there is none. Files that are open stay readable. */
  remove(path: string): Promise<void>
  /** The names in a folder, files and folders alike, sorted. Empty when there is no such folder. */
  list(folder: string): Promise<readonly string[]>
  /** Makes the folder and those above it, for their owner alone; durable once resolved. */
  makeFolder(folder: string): Promise<void>
  /** Makes durable which names the folder holds: a file's `sync` covers its bytes only. */
  syncFolder(folder: string): Promise<void>
  /** How many bytes files of this process may still take there; Infinity where the file system does not say. Rejects where there is no such folder. */
  freeBytes(folder: string): Promise<number>
  /**
   * Takes a folder, made when absent, for this process alone; whatever else lies in it is the lock's own. Goes with the process, however
   * that ends. Throws RaftError `FOLDER_IN_USE` while somebody has it.
   */
  lock(folder: string): Promise<Lock>
}

export interface Lock {
  release(): Promise<void>
}

export interface OpenFile {
  /**
   * As many bytes as there are, at most `length`: fewer only at the end of the file. In `memory` from its beginning, if it is given; it must
   * be long enough. Else in fresh memory.
   */
  readAt(offset: number, length: number, memory?: Uint8Array): Promise<Uint8Array>
  /** One write. It grows the file where needed; visible to readers at once, durable after `sync`. */
  writeAt(offset: number, bytes: Uint8Array): Promise<void>
  size(): Promise<number>
  truncate(size: number): Promise<void>
  /** Everything written so far survives a power cut. After a failure nothing is known: never try again, stop. */
  sync(): Promise<void>
  close(): Promise<void>
}
