import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Entry, HardState, Index, Membership, NodeId, Position } from 'raft-core'
import type { NewMember } from '../api.ts'
import { systemClock } from '../clock/system-clock.ts'
import { RaftError } from '../errors.ts'
import { type InspectedSnapshot, type Inspection, inspect } from '../inspect/inspect.ts'
import { logAfter } from '../restoring.ts'
import { openStorage } from '../storage/level.ts'
import { membersAfter } from './membership-after.ts'
import { planRecovery } from './plan.ts'

export type RecoverOptions = {
  /** Says what would be done, and leaves the folder as it is. Default false. */
  readonly dryRun?: boolean
}

/** What a recovery has done, or would do. */
export type Recovery = {
  readonly isDryRun: boolean
  readonly nodeId: NodeId
  /** `after` is undefined for a dry run: it is drawn when it is needed. */
  readonly clusterId: { readonly before: string; readonly after: string | undefined }
  readonly membership: { readonly before: Membership; readonly after: Membership }
  /** Up to here the folder knew entries to be committed. */
  readonly committed: Index
  /** Entries after that, of which nobody can tell whether they were: now they are. */
  readonly commits: readonly (Position & { readonly type: Entry['type']; readonly bytes: number })[]
  /** Where the log of the old cluster ends in this folder. Whatever was acknowledged after that is lost. */
  readonly last: Position
}

/**
 * For a cluster that has lost its majority for good: makes a new cluster, with a new id, out of one stopped node's folder. The node is its
 * only voter at first; the other `members` (which must begin with empty folders) become voters by themselves once they have caught up.
 *
 * This gives up Raft's promises: entries that only the lost members held are gone, and entries that were never committed are from now on.
 * So ask every folder that is left with `dryRun`, and take the one whose `last` has the highest term, and among those the highest index.
 *
 * @throws RaftError FOLDER_IN_USE while a node runs on it, CORRUPT where the log is damaged, INVALID_ARGUMENT for members that cannot be.
 */
export async function recoverCluster(
  dir: string,
  members: readonly NewMember[],
  { dryRun = false }: RecoverOptions = {},
): Promise<Recovery> {
  const found = await inspect(dir)
  requireWhole(dir, found)
  if (!dryRun) return recoverFolder(dir, found, members, false)
  const copy = await mkdtemp(join(tmpdir(), 'raft-recover-'))
  try {
    await cp(dir, copy, { recursive: true })
    return await recoverFolder(copy, found, members, true)
  } finally {
    await rm(copy, { recursive: true })
  }
}

function requireWhole(dir: string, { verdict, damage, identity }: Inspection): void {
  if (verdict === 'damaged')
    throw new RaftError('CORRUPT', `the log in ${dir} is damaged (${damage}): recover the folder of another member, or restore a backup`)
  if (verdict === 'new' || identity === undefined || identity.clusterId === '')
    throw new RaftError('INVALID_ARGUMENT', `${dir} belongs to no cluster, so there is nothing to recover: start a node with it`)
}

async function recoverFolder(
  dir: string,
  { logStore: log, snapshots }: Inspection,
  wanted: readonly NewMember[],
  isDryRun: boolean,
): Promise<Recovery> {
  const clock = systemClock()
  const { logStore, snapshotStore } = openStorage({ dir, log, clock })
  const { identity, state } = await logStore.open()
  try {
    if (identity === undefined) throw new RaftError('INVALID_ARGUMENT', `${dir} belongs to no cluster`)
    const snapshot = (await snapshotStore.list()).find(meta => meta.index >= state.base.index && isWhole(meta, snapshots))
    if (snapshot === undefined) throw new RaftError('CORRUPT', `${dir} holds no snapshot that its log follows`)
    const { hardState: known, entries, resetTo } = logAfter(logStore, state, snapshot)
    const before = membersAfter(identity.nodeId, snapshot, entries)
    const last = endOf(entries, known, snapshot)
    const added = planRecovery(identity, before, wanted, last)
    const after = membersAfter(identity.nodeId, snapshot, [...entries, ...added])
    const clusterId = { before: identity.clusterId, after: isDryRun ? undefined : clock.uniqueId() }
    if (clusterId.after !== undefined) {
      // The id first: from then on no member of the old cluster talks to this one, whatever happens to the rest.
      await logStore.changeCluster(clusterId.after)
      const end = added.at(-1) as Entry
      const hardState = { term: end.term, vote: identity.nodeId, commit: end.index }
      await logStore.save({ hardState, entries: added, resetTo, mustSync: true })
    }
    const membership = { before: before.membership, after: after.membership }
    const committed = known.commit
    return { isDryRun, nodeId: identity.nodeId, clusterId, membership, committed, commits: uncommitted(entries, committed), last }
  } finally {
    await logStore.close()
  }
}

function isWhole({ index, term }: Position, snapshots: readonly InspectedSnapshot[]): boolean {
  return snapshots.some(found => found.damage === undefined && found.index === index && found.term === term)
}

function endOf(entries: readonly Entry[], known: HardState, snapshot: Position): Position {
  const { term, index } = entries.at(-1) ?? snapshot
  // Terms in which nothing was written count, too: no leader of the old cluster may have the term of the new entries.
  return { term: Math.max(term, known.term), index }
}

function uncommitted(entries: readonly Entry[], committed: Index): Recovery['commits'] {
  return entries
    .filter(({ index }) => index > committed)
    .map(entry => ({ index: entry.index, term: entry.term, type: entry.type, bytes: entry.type === 'command' ? entry.data.length : 0 }))
}
