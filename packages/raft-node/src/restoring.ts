import type { Entry, HardState, Index, Position } from 'raft-core'
import { RaftError, reasonOf } from './errors.ts'
import type { LogBatch, LogDamage, LogState, LogStore, SnapshotMeta, SnapshotStore } from './ports.ts'
import type { ReplicatedState } from './replicated-state.ts'

/** What a node starts from: the state machine holds the snapshot already. */
export type RestoredFolder = {
  readonly snapshot: SnapshotMeta | undefined
  readonly hardState: HardState
  /** The log after the snapshot. */
  readonly entries: readonly Entry[]
  /** Why the log must be filled again before this node takes part. */
  readonly repairs: string | undefined
}

type Parts = { readonly logStore: LogStore; readonly snapshotStore: SnapshotStore; readonly state: ReplicatedState<unknown> }

/** Brings the state machine to the newest snapshot that can be read, and the log to where it follows that one. */
export async function restoreFolder(parts: Parts, found: LogState, damage: LogDamage | undefined): Promise<RestoredFolder> {
  if (damage !== undefined) {
    const state = damage.isRepairing ? found : await parts.logStore.beginRepair()
    return restoreForRepair(parts, state, damage.reason)
  }
  try {
    return { ...withMachine(await restoreWhole(parts, found), parts.state.machineAt), repairs: undefined }
  } catch (error) {
    if (!(error instanceof RaftError) || error.code !== 'CORRUPT') throw error
    return restoreForRepair(parts, await parts.logStore.beginRepair(), error.message)
  }
}

/**
 * What the state machine holds by itself is committed, whether or not the log has heard of that, and it was saved before: a log that does
 * not reach so far has lost entries.
 */
function withMachine<Restored extends Omit<RestoredFolder, 'repairs'>>(restored: Restored, machineAt: Index): Restored {
  const { snapshot, entries, hardState } = restored
  const last = entries.at(-1)?.index ?? snapshot?.index ?? 0
  if (machineAt > last) throw new RaftError('CORRUPT', `the state machine is at index ${machineAt}, and the log ends at ${last}`)
  return { ...restored, hardState: { ...hardState, commit: Math.max(hardState.commit, machineAt) } }
}

/** From the newest snapshot that can be read, if there is one: it is committed, whatever has become of the log. */
async function restoreForRepair(parts: Parts, state: LogState, repairs: string): Promise<RestoredFolder> {
  try {
    return { ...(await restoreWhole(parts, state)), repairs }
  } catch (error) {
    if (!(error instanceof RaftError) || error.code !== 'CORRUPT') throw error
    // None can be read, or none that the log got so far follows. A leader's log never begins at its first entry: it sends a snapshot first.
    const { hardState, entries } = await parts.logStore.beginRepair()
    return { snapshot: undefined, hardState, entries, repairs }
  }
}

async function restoreWhole(parts: Parts, state: LogState): Promise<Omit<RestoredFolder, 'repairs'>> {
  const snapshot = await restoreNewest(parts, state.base)
  if (snapshot === undefined) return { snapshot, hardState: state.hardState, entries: state.entries }
  const { hardState, entries, resetTo } = logAfter(parts.logStore, state, snapshot)
  if (resetTo !== undefined) await parts.logStore.save({ hardState, entries: [], resetTo, mustSync: true })
  return { snapshot, hardState, entries }
}

type LogAfter = {
  readonly hardState: HardState
  readonly entries: readonly Entry[]
  /** Where the log is still to be begun anew, if it is. */
  readonly resetTo: LogBatch['resetTo']
}

/**
 * The log as it follows a snapshot. One that is not part of it is a leader's, and a crash came between receiving it and starting the log
 * after it: all of it is committed, and what the log holds in its place is not, or is in it.
 * @throws RaftError CORRUPT where the two contradict each other.
 */
export function logAfter(logStore: Pick<LogStore, 'chainAt'>, state: LogState, snapshot: SnapshotMeta): LogAfter {
  const { term, index, chain } = snapshot
  const { hardState } = state
  if (termAt(state, index) === term) {
    checkChain(logStore, snapshot)
    const entries = state.entries.filter(entry => entry.index > index)
    return { hardState: withCommit(hardState, snapshot), entries, resetTo: undefined }
  }
  if (index <= hardState.commit) throw new RaftError('CORRUPT', `the log contradicts snapshot ${index}`)
  const raised: HardState = term > hardState.term ? { term, vote: undefined, commit: index } : withCommit(hardState, snapshot)
  return { hardState: raised, entries: [], resetTo: { position: { term, index }, chain } }
}

/** The older ones are tried, too: the log on disk reaches back to them. */
async function restoreNewest({ snapshotStore, state }: Parts, base: Position): Promise<SnapshotMeta | undefined> {
  let damage: unknown
  let unreadable: RaftError | undefined
  for (const meta of await snapshotStore.list()) {
    if (meta.index < base.index) break
    const source = watched(snapshotStore.read(meta))
    try {
      await state.restore(meta, source.data)
      if (source.failure === undefined) return meta // or the state machine has made do with what came before
    } catch (cause) {
      if (source.failure === undefined) throw refusedBy(cause, meta)
    }
    if (isDamage(source.failure)) damage ??= source.failure
    else unreadable ??= unreadableBy(source.failure, meta)
  }
  if (unreadable !== undefined) throw unreadable
  // A log that begins at its very first entry needs none, but a state machine that has begun to restore one is not empty any more.
  if (base.index === 0 && damage === undefined) return undefined
  throw new RaftError('CORRUPT', 'no snapshot that the log follows can be read', { cause: damage })
}

/** The same data, and what they broke off with. Each piece was checked before it is handed on. */
export function watched(data: AsyncIterable<Uint8Array>) {
  const source: { readonly data: AsyncIterable<Uint8Array>; failure?: unknown } = { data: pieces() }
  async function* pieces() {
    try {
      yield* data
    } catch (error) {
      source.failure = error
      throw error
    }
  }
  return source
}

/** What the disk has lost: bytes that are others, or that it cannot read any more. */
function isDamage(failure: unknown): boolean {
  if (failure instanceof RaftError) return failure.code === 'CORRUPT'
  return (failure as NodeJS.ErrnoException).code === 'EIO'
}

/** No damage: a process with too many files, or no right to read one, is not to lose its log for that. */
function unreadableBy(cause: unknown, { index }: Position): RaftError {
  if (cause instanceof RaftError) return cause
  const help = 'See that it can be read, and start the node again.'
  return new RaftError('FOLDER_UNUSABLE', `snapshot ${index} cannot be read: ${reasonOf(cause)}. ${help}`, { cause })
}

/** The data are whole, so neither an older snapshot nor another log would help, and to drop this log could be to drop the only one. */
function refusedBy(cause: unknown, { index }: Position): RaftError {
  if (cause instanceof RaftError && cause.code !== 'CORRUPT') return cause
  const help = 'Start the release that wrote it, or one that can read it.'
  const details = { cause, outcome: 'not-applied' as const }
  return new RaftError('STATE_MACHINE', `snapshot ${index} is whole, and yet it cannot be restored: ${reasonOf(cause)}. ${help}`, details)
}

function withCommit(hardState: HardState, { index }: Position): HardState {
  return { ...hardState, commit: Math.max(hardState.commit, index) }
}

function termAt({ base, entries }: LogState, index: number): number | undefined {
  return index === base.index ? base.term : entries[index - base.index - 1]?.term
}

function checkChain(logStore: Pick<LogStore, 'chainAt'>, { index, chain }: SnapshotMeta): void {
  const found = logStore.chainAt(index)
  if (found === undefined || found === chain) return
  throw new RaftError('CORRUPT', `snapshot ${index} does not belong to this log`)
}
