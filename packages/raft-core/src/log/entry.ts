/** Name of a node, chosen by its operator: a stable string such as `n1`. */
export type NodeId = string

/** A term number (§5.1): a safe integer, 0 before the first election. */
export type Term = number

/** A place in the log: a safe integer, the first entry has index 1; 0 means "before the first". */
export type Index = number

/** Where an entry sits in a log. A leader never reuses an index and a term has one leader, so a position names one entry. */
export type Position = {
  /** The term of the leader that made the entry. */
  readonly term: Term
  /** Its place in the log. */
  readonly index: Index
}

/** One change to who is a member (thesis §4.1). */
export type MemberChange = {
  /** What the member shall be: a voter, a learner (thesis §4.2.1), or none. `update` changes nobody but carries a new `context`. */
  readonly type: 'voter' | 'learner' | 'remove' | 'update'
  /** The member. */
  readonly id: NodeId
  /** With `learner`: the leader makes it a voter by itself once it has caught up. */
  readonly promote?: boolean
}

/**
 * A proposal to change the membership. With one change and `auto` the new membership takes effect in one step (thesis §4.1);
 * with more, or when asked for, through joint consensus (§6, thesis §4.3): `implicit` (and `auto`) leave the joint membership
 * by themselves, `explicit` waits for a proposal without changes.
 */
export type MembershipChange = {
  /** Whether it goes through a joint membership, and how that is left. */
  readonly transition: 'auto' | 'implicit' | 'explicit'
  /** All of them at once. None, with `auto` and without `leaseReads`: leave the joint membership. */
  readonly changes: readonly MemberChange[]
  /**
   * Turns reads by lease (thesis §6.4.1) on or off for the whole cluster, from when it is applied; absent: as before. May stand alone,
   * without changes of members.
   */
  readonly leaseReads?: boolean | undefined
  /** Opaque to the core, replicated with the change: what the application knows of a member, such as its address. */
  readonly context: Uint8Array | undefined
}

/** What an entry says: a command for the state machine, nothing (a new leader's first entry, §8), or a membership change (§6). */
export type Payload =
  | { readonly type: 'command'; readonly data: Uint8Array }
  | { readonly type: 'empty' }
  | { readonly type: 'membership'; readonly change: MembershipChange }

/** One entry of the log: where it sits, and what it says (§5.3). */
export type Entry = Position & Payload
/** An entry for the state machine. */
export type CommandEntry = Extract<Entry, { type: 'command' }>
/** An entry that changes the membership once it is applied (§6). */
export type MembershipEntry = Extract<Entry, { type: 'membership' }>

/** Bytes of the entry's payload, without its position: what limits in bytes count, beside 16 for each entry where many may be empty. */
export function payloadBytes(entry: Entry): number {
  if (entry.type === 'command') return entry.data.length
  if (entry.type === 'empty') return 0
  let bytes = entry.change.context?.length ?? 0
  for (const change of entry.change.changes) bytes += change.id.length + 2
  return bytes
}
