import type { HardState } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { Identity } from '../ports.ts'
import type { Chain } from './chain.ts'
import type { Base } from './log-keys.ts'
import type { ReadEntries } from './log-medium.ts'
import type { Copy, FoundMarks, Mark } from './watermark.ts'

/** What the medium says of the log, before anybody believes it. */
export type StoredLog = {
  readonly identity: Identity
  readonly hardState: HardState
  readonly base: Base
  read(): Promise<ReadEntries>
}

/**
 * Holds the stored log against its own checksums and against the watermark (copies, newest first). Damage above the watermark is a torn
 * tail, which nobody was told about, and is cut; at or below it, acknowledged entries are gone, and the node must not go on without them.
 */
export async function checkLog(log: StoredLog, copies: readonly Copy[]): Promise<ReadEntries> {
  const newest = copies[0]?.mark
  if (newest === undefined) throw corrupt('neither copy of the watermark can be read: nobody knows which votes this node gave')
  checkVote(log.hardState, copies)
  const checked = await log.read()
  // While a log is being filled again its mark tells of the log before.
  if (!newest.repairing) checkMark(checked.chain, log.base, newest)
  // A batch holds its commit index and its entries: entries missing below it were not merely torn off the end.
  if (log.hardState.commit > checked.chain.last) throw corrupt(`entry ${checked.chain.last + 1} is missing, and it was committed`)
  return checked
}

/** The folder gets its cluster when it joins: log and watermark may stand on either side of that moment. */
export function checkOwner(identity: Identity, copies: readonly Copy[]): void {
  for (const { mark } of copies) {
    const other = mark.identity
    const joining = identity.clusterId === '' || other.clusterId === ''
    const same = joining || (identity.clusterId === other.clusterId && identity.nodeId === other.nodeId)
    if (same && identity.incarnation === other.incarnation) continue
    throw corrupt(`the log belongs to ${name(identity)}, a watermark to ${name(other)}: files of two folders were mixed`)
  }
}

/**
 * A log without an identity: a new folder, or one whose log is gone. `initialize` writes the watermark first, so a watermark that never
 * saw a term or an entry is left over from one that was cut short, and nothing was promised.
 */
export function checkNew({ copies, unreadable }: FoundMarks, snapshots: readonly string[]): void {
  const used = copies.some(({ mark }) => mark.term > 0 || mark.index > 0)
  // The first copy is synced before the second is made: two unreadable ones are no beginning.
  if (used || unreadable === 2 || snapshots.length > 0) throw corrupt('the log is gone, but something beside it remains')
}

/** The higher term among log and copies is in force. It must be the log's: the watermark is written after the log, never before. */
function checkVote({ term, vote }: HardState, copies: readonly Copy[]): void {
  for (const { mark } of copies) {
    if (mark.term > term) throw corrupt(`the log knows term ${term}, and this node had reached term ${mark.term}`)
    if (mark.term < term || mark.vote === undefined || mark.vote === vote) continue
    if (vote === undefined) throw corrupt(`the vote for ${mark.vote} in term ${term} is missing from the log`)
    throw corrupt(`two votes in term ${term}, for ${vote} and for ${mark.vote}`)
  }
}

/**
 * A watermark before the base was left there by a crash within the save that moved the base: it is older than the log, which is no harm.
 * The other way round, a log older than its watermark, cannot have that base, because the watermark is lowered no further than it.
 */
function checkMark(chain: Chain, base: Base, { index, chain: hash }: Mark): void {
  if (index < base.position.index) return
  if (chain.last < index) throw corrupt(`entry ${chain.last + 1} is missing or damaged, and entries up to ${index} were on disk`)
  if (chain.at(index)?.hash !== hash) throw corrupt(`entry ${index} is not the one that was on disk: the log is an older one`)
}

/** The store adds the folder and what to do. */
function corrupt(what: string): RaftError {
  return new RaftError('CORRUPT', what)
}

function name({ clusterId, nodeId, incarnation }: Identity): string {
  return `${nodeId || 'a node'} (${incarnation}) of cluster ${clusterId || 'none'}`
}
