/** Name of a node, chosen by its operator: a stable string such as `n1`. */
export type NodeId = string

/** A term number (§5.1): a safe integer, 0 before the first election. */
export type Term = number

/** A place in the log: a safe integer, the first entry has index 1; 0 means "before the first". */
export type Index = number

/** Where an entry sits in a log. A leader never reuses an index and a term has one leader, so a position names one entry. */
export type Position = { readonly term: Term; readonly index: Index }

/** One change to who is a member (thesis §4.1). `update` changes nothing but carries a new `context`. */
export type MemberChange = { readonly type: 'voter' | 'learner' | 'remove' | 'update'; readonly id: NodeId; readonly promote?: boolean }

/**
 * A proposal to change the membership. With one change and `auto` the new membership takes effect in one step (thesis §4.1);
 * with more, or when asked for, through joint consensus (§6, thesis §4.3): `implicit` (and `auto`) leave the joint membership
 * by themselves, `explicit` waits for a proposal without changes.
 */
export type MembershipChange = {
  readonly transition: 'auto' | 'implicit' | 'explicit'
  readonly changes: readonly MemberChange[]
  /** Opaque to the core, replicated with the change: what the application knows of a member, such as its address. */
  readonly context: Uint8Array | undefined
}

/** What an entry says: a command for the state machine, nothing (a new leader's first entry, §8), or a membership change (§6). */
export type Payload =
  | { readonly type: 'command'; readonly data: Uint8Array }
  | { readonly type: 'empty' }
  | { readonly type: 'membership'; readonly change: MembershipChange }

export type Entry = Position & Payload
export type CommandEntry = Extract<Entry, { type: 'command' }>
export type MembershipEntry = Extract<Entry, { type: 'membership' }>

/** The entry's share of every limit given in bytes: its payload, without the position. */
export function payloadBytes(entry: Entry): number {
  if (entry.type === 'command') return entry.data.length
  if (entry.type === 'empty') return 0
  let bytes = entry.change.context?.length ?? 0
  for (const change of entry.change.changes) bytes += change.id.length + 2
  return bytes
}
