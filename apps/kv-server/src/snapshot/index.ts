/** Checks a saved snapshot, as `GET /v1/snapshot` gives it, without a server. */
export { checkSnapshot, type SnapshotSummary } from './check-snapshot.ts'
