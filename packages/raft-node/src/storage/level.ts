import type { RaftError } from '../errors.ts'
import type { Clock, SnapshotStore } from '../ports.ts'
import { FileSnapshotStore } from './file-snapshot-store.ts'
import { type LogKind, logFolders, snapshotFolder } from './folder-layout.ts'
import type { GuardedLogStore } from './guarded-log-store.ts'
import { levelBatches } from './level-batches.ts'
import { LevelLogStore } from './level-log-store.ts'
import { nodeFiles } from './node-files.ts'
import { WalLogStore } from './wal-log-store.ts'

export type StorageOptions = {
  /** The data folder; made when absent. It holds `log/` (LevelDB) or `wal/`, `watermark-a`, `watermark-b` and `snapshots/`. */
  readonly dir: string
  /** Which log store. A folder that was made with the other one is refused. */
  readonly log?: LogKind | undefined
  readonly clock: Clock
  /** Hears of snapshot files that fail their check. */
  readonly onBadSnapshot?: ((path: string, error: RaftError) => void) | undefined
}

/** Log and snapshots on this machine's disk. Nothing is touched until `logStore.open()`, which comes before any use of `snapshotStore`. */
export function openStorage({ dir, log = 'level', clock, onBadSnapshot }: StorageOptions): {
  readonly logStore: GuardedLogStore
  readonly snapshotStore: SnapshotStore
} {
  return {
    logStore: openLog(log, dir, clock),
    snapshotStore: new FileSnapshotStore({ files: nodeFiles, folder: `${dir}/${snapshotFolder}`, onBad: onBadSnapshot }),
  }
}

function openLog(kind: LogKind, folder: string, clock: Clock): GuardedLogStore {
  if (kind === 'wal') return new WalLogStore({ files: nodeFiles, folder, clock })
  return new LevelLogStore({ files: nodeFiles, batches: levelBatches(`${folder}/${logFolders.level}`), folder, clock })
}
