/** The write-ahead log, for other disks than this machine's. */
export { WalLogStore } from '../storage/wal-log-store.ts'
export type { SegmentBytes } from '../storage/wal-segments.ts'
