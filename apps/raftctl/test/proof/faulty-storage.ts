import type { Clock, Storage } from 'raft-node'
import {
  type Batches,
  FileSnapshotStore,
  type Files,
  LevelLogStore,
  type LogKind,
  levelBatches,
  logFolders,
  nodeFiles,
  type OpenFile,
  snapshotFolder,
} from 'raft-node/level'
import { WalLogStore } from 'raft-node/wal'

export type DiskPlan = {
  /** Every flush takes so much longer. */
  readonly syncDelayMs?: number
  /** A flush fails from this one on, counted from 1 and from when the process started. */
  readonly failSyncFrom?: number
  /**
   * The planted bug: what asked for a flush goes on before it has ended, as a node would that acknowledges first. A proof that passes
   * with it proves nothing.
   */
  readonly answersBeforeSync?: boolean
}

/** The stores of a production node on the machine's own disk, each flush of which passes through here. */
export function faultyStorage({ dir, log, clock, disk }: { dir: string; log: LogKind; clock: Clock; disk: DiskPlan }): Storage {
  const flush = flushesOf(disk)
  const files = withFlush(nodeFiles, flush)
  const level = () => batchesWithFlush(levelBatches(`${dir}/${logFolders.level}`), flush)
  const parts = { files, folder: dir, clock }
  return {
    logStore: log === 'wal' ? new WalLogStore(parts) : new LevelLogStore({ ...parts, batches: level() }),
    snapshotStore: new FileSnapshotStore({ files, folder: `${dir}/${snapshotFolder}` }),
  }
}

type Flush = (sync: () => Promise<void>) => Promise<void>

/** Shared by all files of a disk: flushes are counted over all of them. */
export function flushesOf({ syncDelayMs = 0, failSyncFrom = Number.POSITIVE_INFINITY, answersBeforeSync = false }: DiskPlan): Flush {
  let count = 0
  return async sync => {
    count += 1
    if (count >= failSyncFrom) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
    const ended = new Promise<void>(resolve => setTimeout(resolve, syncDelayMs)).then(sync)
    if (!answersBeforeSync) return ended
    ended.catch(() => undefined)
  }
}

function withFlush(files: Files, flush: Flush): Files {
  const wrap = (file: OpenFile): OpenFile => ({ ...file, sync: () => flush(() => file.sync()) })
  return {
    ...files,
    async open(path) {
      const file = await files.open(path)
      return file && wrap(file)
    },
    create: async path => wrap(await files.create(path)),
    syncFolder: folder => flush(() => files.syncFolder(folder)),
  }
}

/** LevelDB flushes by itself, out of sight of `Files`. */
function batchesWithFlush(batches: Batches, flush: Flush): Batches {
  return { ...batches, write: batch => (batch.sync ? flush(() => batches.write(batch)) : batches.write(batch)) }
}
