import { createRaft, type Entry, type Membership, type NodeId } from 'raft-core'
import { infosIn } from '../member-info.ts'
import { Members } from '../members.ts'
import type { SnapshotMeta } from '../ports.ts'

/** Who would be a member if all of these entries, which follow the snapshot, were committed: the core itself says so. */
export function membersAfter(id: NodeId, snapshot: SnapshotMeta, entries: readonly Entry[]): Members {
  const { term, index, membership, membershipIndex } = snapshot
  const last = entries.at(-1) ?? { term, index }
  const raft = createRaft({
    id,
    random: () => 0,
    overlapping: true,
    restored: {
      snapshot: { term, index, membership, membershipIndex, data: new Uint8Array(0) },
      hardState: { term: last.term, vote: undefined, commit: last.index },
      entries,
    },
  })
  const members = new Members()
  members.restore(snapshot)
  while (raft.hasReady()) {
    const ready = raft.ready()
    for (const entry of ready.apply) {
      if (entry.type !== 'membership') continue
      const changed: Membership = raft.applyMembership(entry)
      members.change(changed, raft.status().membershipIndex, infosIn(entry.change))
    }
    raft.advance(ready)
  }
  return members
}
