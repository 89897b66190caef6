import type { MemberChange, MembershipChange, NodeId } from '../log/entry.ts'
import type { Membership } from './membership.ts'
import { isJoint, sortedIds } from './membership.ts'

/** `fresh`: members that this change removed and added again, so that what was known of them counts no more. */
export type ChangeResult =
  | { readonly ok: true; readonly membership: Membership; readonly fresh: readonly NodeId[] }
  | { readonly ok: false; readonly reason: string }

/** The membership after this change: a pure function, the same on every node (§6, thesis §4). */
export function changeMembership(membership: Membership, change: MembershipChange): ChangeResult {
  const { transition, changes, leaseReads } = change
  if (leavesJoint(change)) return leaveJoint(membership)
  const result =
    transition === 'auto' && changes.length <= 1
      ? changeSimply(membership, changes)
      : enterJoint(membership, changes, transition !== 'explicit')
  return result.ok && leaseReads !== undefined ? { ...result, membership: withLeaseReads(result.membership, leaseReads) } : result
}

/** §6: the second half of a joint change, which names nobody and settles nothing else. */
export function leavesJoint(change: MembershipChange): boolean {
  return change.transition === 'auto' && changesNothing(change)
}

/** Only good for leaving a joint membership. */
export function changesNothing({ changes, leaseReads }: MembershipChange): boolean {
  return changes.length === 0 && leaseReads === undefined
}

/** Off is absent, so that equal memberships look equal. */
function withLeaseReads({ leaseReads: _before, ...membership }: Membership, on: boolean): Membership {
  return on ? { ...membership, leaseReads: true } : membership
}

/** Thesis §4.1: in one step, at most one voter may come or go, so that every majority of the old meets every majority of the new. */
export function changeSimply(membership: Membership, changes: readonly MemberChange[]): ChangeResult {
  if (isJoint(membership)) return refuse('leave the joint membership first')
  const draft = new Draft(membership)
  for (const change of changes) draft.change(change)
  if (draft.voters.size === 0) return refuse('no voter would be left')
  if (difference(membership.voters, draft.voters) > 1) return refuse('more than one voter changes: use a joint change')
  return draft.result()
}

/** §6: from now on decisions need a majority of the old voters and one of the new. */
export function enterJoint(membership: Membership, changes: readonly MemberChange[], autoLeave: boolean): ChangeResult {
  if (isJoint(membership)) return refuse('the membership is joint already')
  if (membership.voters.length === 0) return refuse('a membership without voters cannot become joint')
  const draft = new Draft({ ...membership, outgoing: membership.voters, autoLeave })
  for (const change of changes) draft.change(change)
  if (draft.voters.size === 0) return refuse('no voter would be left')
  return draft.result()
}

/** §6: the old voters have had their say. */
export function leaveJoint(membership: Membership): ChangeResult {
  if (!isJoint(membership)) return refuse('the membership is not joint')
  const learners = sortedIds([...membership.learners, ...membership.learnersNext])
  return { ok: true, membership: { ...membership, learners, outgoing: [], learnersNext: [], autoLeave: false }, fresh: [] }
}

function refuse(reason: string): ChangeResult {
  return { ok: false, reason }
}

function difference(before: readonly NodeId[], after: ReadonlySet<NodeId>): number {
  const gone = before.filter(id => !after.has(id)).length
  return gone + after.size - (before.length - gone)
}

/** A membership while changes are being made to it. */
class Draft {
  readonly voters: Set<NodeId>
  readonly #outgoing: ReadonlySet<NodeId>
  readonly #learners: Set<NodeId>
  readonly #learnersNext: Set<NodeId>
  readonly #promoting: Set<NodeId>
  readonly #autoLeave: boolean
  readonly #leaseReads: boolean
  readonly #forgotten = new Set<NodeId>()

  constructor(membership: Membership) {
    this.voters = new Set(membership.voters)
    this.#outgoing = new Set(membership.outgoing)
    this.#learners = new Set(membership.learners)
    this.#learnersNext = new Set(membership.learnersNext)
    this.#promoting = new Set(membership.promoting)
    this.#autoLeave = membership.autoLeave
    this.#leaseReads = membership.leaseReads === true
  }

  change({ type, id, promote }: MemberChange): void {
    if (id === '') return
    if (type === 'voter') this.#makeVoter(id)
    if (type === 'learner') this.#makeLearner(id, promote === true)
    if (type === 'remove') this.#remove(id)
  }

  #makeVoter(id: NodeId): void {
    this.#learners.delete(id)
    this.#learnersNext.delete(id)
    this.#promoting.delete(id)
    this.voters.add(id)
  }

  /** An outgoing voter still votes until the joint membership is left, so it becomes a learner only then. */
  #makeLearner(id: NodeId, promote: boolean): void {
    if (!this.#learners.has(id)) {
      const forgotten = this.#forgotten.has(id)
      this.#remove(id)
      if (this.#outgoing.has(id)) this.#learnersNext.add(id)
      else this.#learners.add(id)
      // A demoted member keeps what is known of its log, unless this very change removed it before.
      if (!forgotten) this.#forgotten.delete(id)
    }
    if (promote) this.#promoting.add(id)
    else this.#promoting.delete(id)
  }

  #remove(id: NodeId): void {
    if (!this.#isKnown(id)) return
    this.voters.delete(id)
    this.#learners.delete(id)
    this.#learnersNext.delete(id)
    this.#promoting.delete(id)
    if (!this.#outgoing.has(id)) this.#forgotten.add(id)
  }

  #isKnown(id: NodeId): boolean {
    return this.voters.has(id) || this.#learners.has(id) || this.#learnersNext.has(id) || this.#outgoing.has(id)
  }

  result(): ChangeResult {
    const membership: Membership = {
      voters: sortedIds(this.voters),
      outgoing: sortedIds(this.#outgoing),
      learners: sortedIds(this.#learners),
      learnersNext: sortedIds(this.#learnersNext),
      autoLeave: this.#autoLeave,
      promoting: sortedIds(this.#promoting),
      ...(this.#leaseReads && { leaseReads: true }),
    }
    return { ok: true, membership, fresh: sortedIds(this.#forgotten).filter(id => this.#isKnown(id)) }
  }
}
