import type { Entry, Index, NodeId, Position, Term } from './log/entry.ts'
import type { Message, Snapshot } from './messages.ts'
import type { RoleName } from './roles.ts'

/**
 * What must survive a restart besides the log (Fig. 2). The commit index too: membership takes effect when applied, so a node that
 * forgot its commit index could campaign under a membership two changes old.
 */
export type HardState = {
  /** The latest term seen (§5.1). */
  readonly term: Term
  /** Whom this node has voted for in it (§5.2). */
  readonly vote: NodeId | undefined
  /** The highest index known to be committed. */
  readonly commit: Index
}

/** What a node believes about leadership: for status pages and for routing requests, never for safety. */
export type SoftState = {
  readonly role: RoleName
  /** Whom it believes to lead, itself included. */
  readonly leader: NodeId | undefined
}

/** A read asked for with `read(context)`: serve it once `index` is applied, or tell its caller to ask again. */
export type ReadState = { readonly context: string; readonly index: Index } | { readonly context: string; readonly expired: true }

/**
 * What the driver must do next. The fields read in the order it does them. Its lists and entries are the core's own: read them, send them,
 * and do not change them.
 */
export type Ready = {
  /** Present when role or leader changed since the last Ready. */
  readonly softState: SoftState | undefined
  /** May leave at once: a leader replicates while its own disk writes (thesis §10.2.1). Empty while a new term or vote is unsaved. */
  readonly send: readonly Message[]
  /** `hardState`, `entries` and `snapshot` are one atomic batch. Undefined: as it was. */
  readonly hardState: HardState | undefined
  /** §5.3: appended, in place of whatever the log held at their indices and after. */
  readonly entries: readonly Entry[]
  /** §7, received from the leader: it replaces the whole log and the state machine. Entries in the same Ready follow it. */
  readonly snapshot: Snapshot | undefined
  /** A repair is over: forget `RestoredState.repairing`, in the same batch or after it, before anything that rests on this save. */
  readonly repaired: boolean
  /** True with entries, a snapshot, a new term or vote, or the end of a repair. Otherwise no flush of its own: the commit index goes with the next batch. */
  readonly mustSync: boolean
  /** Votes and acknowledgements: promises. They leave once this Ready and every earlier one is saved, also when `mustSync` is false. */
  readonly sendAfterSave: readonly Message[]
  /** Committed entries in order, to be applied after the same saves. */
  readonly apply: readonly Entry[]
  /** Reads that may be served once applied >= index. */
  readonly reads: readonly ReadState[]
  /** For `saved`: what else rests on this save. */
  readonly receipt: SaveReceipt
}

/** What a finished save lets the core believe. Made by `ready()`, handed back by `saved()`, or step by step for a driver that wants to. */
export type SaveReceipt = {
  /** Counts the Readys. Saves end in this order; one that is reported again counts for nothing. */
  readonly number: number
  /** Everything that rests on the save in the order it was made: `sendAfterSave`, and the node's answers to itself among it. */
  readonly promises: readonly Message[]
  /** The term in which this Ready was made. */
  readonly term: Term
  /** The end of the log that the save covers; undefined when nothing of the log was waiting to be saved. */
  readonly last: Position | undefined
  /** The index of the snapshot saved, 0 without one. */
  readonly snapshotIndex: Index
  /** It has made the end of a repair durable. */
  readonly repaired: boolean
}
