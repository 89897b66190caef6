import type { RaftError } from '../errors.ts'
import type { Clock, SnapshotStore } from '../ports.ts'
import { DiskReserve } from './disk-reserve.ts'
import { FileSnapshotStore } from './file-snapshot-store.ts'
import type { Files } from './files.ts'
import { type LogKind, logFolders, snapshotFolder } from './folder-layout.ts'
import type { GuardedLogStore } from './guarded-log-store.ts'
import { levelBatches } from './level-batches.ts'
import { LevelLogStore } from './level-log-store.ts'
import { nodeFiles } from './node-files.ts'
import { WalLogStore } from './wal-log-store.ts'

/** LevelDB turns its write buffer (16 MiB) into a table when it likes, and before it deletes the log of it. */
const levelBurstBytes = 20 * 1024 * 1024
const defaultReserveBytes = 8 * 1024 * 1024

export type StorageOptions = {
  /** The data folder; made when absent. It holds `log/` (LevelDB) or `wal/`, `watermark-a`, `watermark-b` and `snapshots/`. */
  readonly dir: string
  /** Which log store; default: the write-ahead log. A folder that was made with the other one is refused. */
  readonly log?: LogKind | undefined
  readonly clock: Clock
  /** How large the reserve for a full disk is (`reserve`, in the data folder), in bytes. Default 8 MiB; 0: none. */
  readonly reserveBytes?: number | undefined
  /** Hears of snapshot files that fail their check. */
  readonly onBadSnapshot?: ((path: string, error: RaftError) => void) | undefined
}

/** Log and snapshots on this machine's disk. Nothing is touched until `logStore.open()`, which comes before any use of `snapshotStore`. */
export function openStorage({ dir, log = 'wal', clock, reserveBytes = defaultReserveBytes, onBadSnapshot }: StorageOptions): {
  readonly logStore: GuardedLogStore
  readonly snapshotStore: SnapshotStore
  readonly reserve: DiskReserve
} {
  const burstBytes = log === 'level' ? levelBurstBytes : 0
  const reserve = new DiskReserve({ files: nodeFiles, folder: dir, bytes: reserveBytes, burstBytes })
  return {
    reserve,
    logStore: openLog(log, { files: reserve.backing(nodeFiles), folder: dir, clock, makeRoom: () => reserve.makeRoomToOpen() }),
    // A snapshot that finds no room is no harm: it must not take the place of what is needed.
    snapshotStore: new FileSnapshotStore({ files: nodeFiles, folder: `${dir}/${snapshotFolder}`, onBad: onBadSnapshot }),
  }
}

type LogParts = { readonly files: Files; readonly folder: string; readonly clock: Clock; readonly makeRoom: () => Promise<void> }

function openLog(kind: LogKind, parts: LogParts): GuardedLogStore {
  if (kind === 'wal') return new WalLogStore(parts)
  return new LevelLogStore({ ...parts, batches: levelBatches(`${parts.folder}/${logFolders.level}`) })
}
