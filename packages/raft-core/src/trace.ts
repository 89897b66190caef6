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
  | { readonly type: 'role'; readonly role: RoleName; readonly term: Term; readonly because: string }
  /** It does not campaign, although asked to, or although it is time. */
  | { readonly type: 'stays'; readonly because: string }
  | { readonly type: 'leader'; readonly leader: NodeId | undefined; readonly term: Term }
  | {
      readonly type: 'vote'
      readonly kind: 'preVote' | 'vote'
      readonly candidate: NodeId
      readonly term: Term
      readonly granted: boolean
      readonly because: string
    }
  | {
      readonly type: 'votes'
      readonly kind: 'preVote' | 'vote'
      readonly granted: number
      readonly refused: number
      readonly outcome: 'won' | 'lost' | 'pending'
    }
  | { readonly type: 'append'; readonly first: Position; readonly last: Position }
  /** This node's copies of these entries are gone. Another node may still hold them, so this decides nothing. */
  | { readonly type: 'truncate'; readonly first: Position; readonly last: Position; readonly because: string }
  | { readonly type: 'reject'; readonly from: NodeId; readonly after: Position; readonly because: string }
  /** These entries, all of one term, are committed; whatever else was proposed at their indices is replaced for ever. */
  | { readonly type: 'commit'; readonly first: Position; readonly last: Position }
  | { readonly type: 'membership'; readonly index: Index; readonly membership: Membership }
  | { readonly type: 'changeRefused'; readonly index: Index; readonly because: string }
  | { readonly type: 'progress'; readonly id: NodeId; readonly state: 'probe' | 'replicate' | 'snapshot'; readonly because: string }
  | {
      readonly type: 'snapshot'
      readonly index: Index
      readonly term: Term
      readonly what: 'sent' | 'installed' | 'refused' | 'forwarded'
      readonly because: string
    }
  | { readonly type: 'read'; readonly context: string; readonly index: Index | undefined; readonly because: string }
  | { readonly type: 'readWaits'; readonly context: string; readonly because: string }
  | { readonly type: 'transfer'; readonly target: NodeId; readonly what: 'started' | 'timeoutNow' | 'ended'; readonly because: string }
  | { readonly type: 'ignore'; readonly message: MessageType; readonly from: NodeId; readonly because: string }

export type Trace = (event: TraceEvent) => void
