import { createRaft, type NodeId, type Raft, type Snapshot } from 'raft-core'
import type { Clock, SnapshotMeta } from './ports.ts'
import type { Inspect } from './real-ports.ts'
import type { RestoredFolder } from './restoring.ts'
import type { Settings } from './settings.ts'

const MiB = 1024 * 1024
/** More than this waits for a quorum: callers are told to slow down. */
const maxUncommittedBytes = 64 * MiB
/** Fits into a transport's queue to one peer, so that a slow one is waited for and not flooded. */
const maxInflightBytes = 8 * MiB

type CoreOptions = {
  readonly id: NodeId
  readonly clock: Clock
  readonly settings: Settings
  readonly restored: RestoredFolder
  readonly inspect: Inspect | undefined
}

/** The core as this package runs it: safe defaults, and saves that overlap with everything else. */
export function createCore({ id, clock, settings, restored, inspect }: CoreOptions): Raft {
  const { snapshot, hardState, entries, repairs } = restored
  return createRaft({
    id,
    random: () => clock.random(),
    electionTicks: settings.electionTicks,
    leaseDuration: settings.leaseMs,
    overlapping: true,
    maxUncommittedBytes,
    maxInflightBytes,
    ...inspect?.limits,
    trace: inspect?.trace,
    restored: { snapshot: snapshot && withoutData(snapshot), hardState, entries, repairing: repairs !== undefined },
  })
}

/** The data travels beside the core's messages, read from the newest file. */
function withoutData({ term, index, membership, membershipIndex }: SnapshotMeta): Snapshot {
  return { term, index, membership, membershipIndex, data: new Uint8Array(0) }
}
