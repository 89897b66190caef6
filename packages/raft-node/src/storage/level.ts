import type { RaftError } from '../errors.ts'
import type { Clock, LogStore, SnapshotStore } from '../ports.ts'
import { FileSnapshotStore } from './file-snapshot-store.ts'
import { logFolders, snapshotFolder } from './folder-layout.ts'
import { levelBatches } from './level-batches.ts'
import { LevelLogStore } from './level-log-store.ts'
import { nodeFiles } from './node-files.ts'

export type StorageOptions = {
  /** The data folder; made when absent. It holds `log/` (LevelDB), `watermark-a`, `watermark-b` and `snapshots/`. */
  readonly dir: string
  readonly clock: Clock
  /** Hears of snapshot files that fail their check. */
  readonly onBadSnapshot?: ((path: string, error: RaftError) => void) | undefined
}

/** Log and snapshots on this machine's disk. Nothing is touched until `logStore.open()`, which comes before any use of `snapshotStore`. */
export function openStorage({ dir, clock, onBadSnapshot }: StorageOptions): {
  readonly logStore: LogStore
  readonly snapshotStore: SnapshotStore
} {
  const batches = levelBatches(`${dir}/${logFolders.level}`)
  return {
    logStore: new LevelLogStore({ files: nodeFiles, batches, folder: dir, clock }),
    snapshotStore: new FileSnapshotStore({ files: nodeFiles, folder: `${dir}/${snapshotFolder}`, onBad: onBadSnapshot }),
  }
}
