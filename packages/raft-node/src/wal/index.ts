/** The write-ahead log, for other disks than this machine's. */

/** For those who look at a stored log from outside. */
export type { Frame } from '../storage/wal-frame.ts'
export { WalLogStore } from '../storage/wal-log-store.ts'
export { segmentNumber } from '../storage/wal-names.ts'
export { WalReplay } from '../storage/wal-replay.ts'
export type { SegmentBytes } from '../storage/wal-segments.ts'
