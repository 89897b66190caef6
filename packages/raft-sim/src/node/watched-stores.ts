import type { Index, NodeId, Raft } from 'raft-core'
import type { Identity, LogStore, SnapshotHead, SnapshotMeta, SnapshotStore } from 'raft-node'
import { chain } from '../hash.ts'
import { type ConfigHistory, sameMembership, showMembership } from '../invariants/config-history.ts'
import { Violation } from '../invariants/invariant.ts'
import type { ChainLog } from '../world/chain-log.ts'

/** Who looks at what goes into the stores of a node, and what comes out of them. */
export type StoreWatch = {
  learns(identity: Identity | undefined): void
  saves(isSaving: boolean): void
  finds(damage: string): void
  writes(meta: SnapshotHead): void
  written(asked: SnapshotHead | SnapshotMeta, written: SnapshotMeta): void
}

export function watchedLogStore(inner: LogStore, watch: StoreWatch): LogStore {
  return {
    open: async () => {
      const opened = await inner.open()
      if (opened.damage !== undefined) watch.finds(opened.damage.reason)
      watch.learns(opened.identity)
      return opened
    },
    initialize: async identity => {
      await inner.initialize(identity)
      watch.learns(identity)
    },
    beginRepair: () => {
      watch.finds('a repair begins')
      return inner.beginRepair()
    },
    save: async batch => {
      watch.saves(true)
      await inner.save(batch)
      watch.saves(false)
    },
    compact: index => inner.compact(index),
    chainAt: index => inner.chainAt(index),
    close: () => inner.close(),
  }
}

export function watchedSnapshotStore(inner: SnapshotStore, watch: StoreWatch): SnapshotStore {
  return {
    list: () => inner.list(),
    write: async (meta, data) => {
      watch.writes(meta)
      const written = await inner.write(meta, data)
      watch.written(meta, written)
      return written
    },
    read: (meta, from) => inner.read(meta, from),
    keep: (count, upTo) => inner.keep(count, upTo),
  }
}

/** However often the transfer broke, and whoever went on with it. */
export function checkSent(id: NodeId | undefined, sent: SnapshotHead | SnapshotMeta, { size, checksum, index }: SnapshotMeta): void {
  if (!('checksum' in sent) || (size === sent.size && checksum === sent.checksum)) return
  const text = `${id} keeps ${size} bytes as the snapshot at ${index} that are not the ${sent.size} that were sent`
  throw new Violation('snapshot-transfer', id, text)
}

/** Whoever starts from this snapshot believes what it says of the membership. `configs`: undefined before anything is known of the cluster. */
export function checkMeta(
  id: NodeId | undefined,
  { index, membership, membershipIndex }: SnapshotHead,
  configs: ConfigHistory | undefined,
): void {
  if (configs === undefined) return
  const right = configs.upTo(index)
  if (sameMembership(membership, right) && membershipIndex <= index) return
  const said = `${showMembership(membership)} of entry ${membershipIndex}`
  throw new Violation('config-safety', id, `the snapshot at ${index} says ${said}; it was ${showMembership(right)}`)
}

/** What was read from the disk is, entry by entry, what was once given to it. */
export function checkContent(core: Raft, base: Index, log: ChainLog): void {
  let hash = log.chainAt(base) ?? 0
  for (const entry of core.entries(base + 1, core.status().last.index)) {
    hash = chain(hash, entry)
    if (log.chainAt(entry.index) === hash) continue
    const text = `${core.id} reads another entry ${entry.index}@${entry.term} from its disk than it has written`
    throw new Violation('integrity', core.id, text)
  }
}
