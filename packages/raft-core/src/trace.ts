import type { Index, NodeId, Position, Term } from './log/entry.ts'
import type { Membership } from './membership/membership.ts'
import type { MessageType } from './messages.ts'
import type { RoleName } from './roles.ts'

/**
 * What happened, and because of what. The same events feed transcripts, logs, the simulator and tools.
 *
 * What became of a proposal at a position (`propose` returns it) is told by the first `commit` whose range holds its index: in the same
 * term it is committed, in another it was replaced and will never be applied. An installed snapshot at or after that index decides it
 * without telling how.
 */
export type TraceEvent =
  /** It is something else now, or in another term (§5.1, §5.2). */
  | { readonly type: 'role'; readonly role: RoleName; readonly term: Term; readonly because: string }
  /** It does not campaign, although asked to, or although it is time. */
  | { readonly type: 'stays'; readonly because: string }
  /** It follows somebody else, or nobody (§5.2). */
  | { readonly type: 'leader'; readonly leader: NodeId | undefined; readonly term: Term }
  /** It answers whoever asked for its vote (§5.4.1, thesis §9.6). */
  | {
      readonly type: 'vote'
      readonly kind: 'preVote' | 'vote'
      readonly candidate: NodeId
      readonly term: Term
      readonly granted: boolean
      readonly because: string
    }
  /** How its own election stands, with each answer (§5.2). */
  | {
      readonly type: 'votes'
      readonly kind: 'preVote' | 'vote'
      readonly granted: number
      readonly refused: number
      readonly outcome: 'won' | 'lost' | 'pending'
    }
  /** Entries are in its log, and not saved yet (§5.3). */
  | { readonly type: 'append'; readonly first: Position; readonly last: Position }
  /** This node's copies of these entries are gone. Another node may still hold them, so this decides nothing. */
  | { readonly type: 'truncate'; readonly first: Position; readonly last: Position; readonly because: string }
  /** The leader's entries do not follow its log (§5.3). */
  | { readonly type: 'reject'; readonly from: NodeId; readonly after: Position; readonly because: string }
  /** These entries, all of one term, are committed; whatever else was proposed at their indices is replaced for ever. */
  | { readonly type: 'commit'; readonly first: Position; readonly last: Position }
  /** A membership takes effect: with an applied entry, or with a snapshot (§6). */
  | { readonly type: 'membership'; readonly index: Index; readonly membership: Membership }
  /** An applied change does not fit the membership, and changes nothing; here and everywhere. */
  | { readonly type: 'changeRefused'; readonly index: Index; readonly because: string }
  /** As leader it sends entries to this member in another way (§5.3). */
  | { readonly type: 'progress'; readonly id: NodeId; readonly state: 'probe' | 'replicate' | 'snapshot'; readonly because: string }
  /** §7. `forwarded`: the log held it already, so only the commit index moved. */
  | {
      readonly type: 'snapshot'
      readonly index: Index
      readonly term: Term
      readonly what: 'sent' | 'installed' | 'refused' | 'forwarded'
      readonly because: string
    }
  /** Its log is whole again after damage: it votes, and counts. */
  | { readonly type: 'repaired'; readonly last: Position }
  /** A read is answered (thesis §6.4), or given up: then without an index. */
  | { readonly type: 'read'; readonly context: string; readonly index: Index | undefined; readonly because: string }
  /** A read has to wait for the first commit of the term. */
  | { readonly type: 'readWaits'; readonly context: string; readonly because: string }
  /** Thesis §3.10. `timeoutNow`: the target is told to campaign. */
  | { readonly type: 'transfer'; readonly target: NodeId; readonly what: 'started' | 'timeoutNow' | 'ended'; readonly because: string }
  /** A message changes nothing. */
  | { readonly type: 'ignore'; readonly message: MessageType; readonly from: NodeId; readonly because: string }

/** Called with every event, in order and at once. It must not call the node back. */
export type Trace = (event: TraceEvent) => void
