/** The stores themselves and what lies beneath them, for other disks than this machine's: simulated ones, for example. */
export type { Batches, KeyRange, KeyValue } from '../storage/batches.ts'
export { DiskReserve } from '../storage/disk-reserve.ts'
/** For those who look at a stored log from outside. */
export { positionIn } from '../storage/entry-record.ts'
export { FileSnapshotStore } from '../storage/file-snapshot-store.ts'
export type { Files, OpenFile } from '../storage/files.ts'
export { type LogKind, logFolders, logKindOf, reserveName, snapshotFolder } from '../storage/folder-layout.ts'
export { openStorage, type StorageOptions } from '../storage/level.ts'
/** The machine's own, for those who put something in between. */
export { levelBatches } from '../storage/level-batches.ts'
export { LevelLogStore } from '../storage/level-log-store.ts'
export { baseKey, decodeBase, decodeHardState, entryKey, hardStateKey } from '../storage/log-keys.ts'
export { nodeFiles } from '../storage/node-files.ts'
/** For those who look at a folder from outside, whether or not a node runs on it. */
export { readCopy, watermarkNames } from '../storage/watermark.ts'
