import type { Clock, LogStore } from 'raft-node'
import type { Batches, Files } from 'raft-node/level'
import { LevelLogStore } from 'raft-node/level'
import { type SegmentBytes, WalLogStore } from 'raft-node/wal'
import { dataFolder } from './disk.ts'

type Parts = { readonly files: Files; readonly batches: Batches; readonly clock: Clock; readonly walSegments: SegmentBytes | undefined }

/** The production log store of this run's choice. */
export function logStoreOn({ files, batches, clock, walSegments }: Parts): LogStore {
  if (walSegments === undefined) return new LevelLogStore({ files, batches, folder: dataFolder, clock })
  return new WalLogStore({ files, folder: dataFolder, clock, segmentBytes: walSegments })
}
