import type { Clock, Storage } from 'raft-node'
import { DiskReserve, FileSnapshotStore, LevelLogStore, snapshotFolder } from 'raft-node/level'
import { WalLogStore } from 'raft-node/wal'
import { dataFolder } from './disk.ts'
import type { Machine } from './machine.ts'
import type { Process } from './process.ts'
import type { NodeWorld } from './world.ts'

/** The production stores on the disk of a machine: the log store is of this run's choice. */
export function storesOn<Result>(
  { plant, scenario }: NodeWorld<Result>,
  { id, disk }: Machine<Result>,
  process: Process,
  clock: Clock,
): Storage {
  const { space, walSegments } = scenario
  const files = plant.files?.(disk.filesFor(process), id) ?? disk.filesFor(process)
  const batches = plant.batches?.(disk.batchesFor(process), id) ?? disk.batchesFor(process)
  const reserve = space && new DiskReserve({ files, folder: dataFolder, bytes: space.reserveBytes })
  const parts = { files: reserve?.backing(files) ?? files, folder: dataFolder, clock }
  const makeRoom = async () => reserve?.makeRoomToOpen()
  return {
    reserve,
    logStore:
      walSegments === undefined
        ? new LevelLogStore({ ...parts, batches, makeRoom })
        : new WalLogStore({ ...parts, segmentBytes: walSegments }),
    snapshotStore: new FileSnapshotStore({ files, folder: `${dataFolder}/${snapshotFolder}` }),
  }
}
