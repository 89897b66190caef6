import type { Entry, HardState, Index, Membership, MembershipEntry, NodeId, RoleName, Term } from 'raft-core'

/** Who led a term, and what was committed by counting while it did. The ghost of §3: no crash takes it away. */
export type Reign = {
  readonly term: Term
  /** 0 until something was. */
  readonly commit: Index
  /** Its log up to there. */
  readonly log: readonly Entry[]
}

/** What the invariants look at. Logs begin after what the founders start from. */
export type NodeView = {
  readonly id: NodeId
  readonly role: RoleName
  readonly term: Term
  readonly vote: NodeId | undefined
  readonly commit: Index
  readonly applied: Index
  readonly log: readonly Entry[]
  /** The index before the first entry of `log`. */
  readonly base: Index
  readonly membership: Membership
  readonly membershipIndex: Index
  readonly disk: HardState
  readonly diskBase: Index
  readonly diskLog: readonly Entry[]
  readonly reigns: readonly Reign[]
  /** Committed membership changes that are not applied yet. */
  readonly unapplied: readonly MembershipEntry[]
  /** On a leader: what each member is known to hold. */
  readonly matches: ReadonlyMap<NodeId, Index>
  readonly leaseHolds: boolean
  readonly hasSaves: boolean
  readonly mayKeep: boolean
}

/** Equal texts mean equal entries. */
export function entryText(entry: Entry): string {
  const at = `${entry.index}@${entry.term}`
  if (entry.type === 'command') return `${at}:${entry.data.join(',')}`
  if (entry.type === 'empty') return at
  return `${at}:${entry.change.changes.map(({ type, id }) => `${type} ${id}`).join(',')}`
}

/** The entry at an index of a log that begins after `base`. */
export function entryAt(log: readonly Entry[], base: Index, index: Index): Entry | undefined {
  return log[index - base - 1]
}
