import { changeSimply, enterJoint, leaveJoint } from '../../src/membership/change.ts'
import type { Membership } from '../../src/membership/membership.ts'
import { isMember, memberIds } from '../../src/membership/membership.ts'
import type { Block } from '../blocks.ts'
import { parseChanges } from '../changes.ts'
import { showId, showIds } from '../ids.ts'
import { showProgress } from '../printing.ts'
import type { World } from '../world.ts'
import type { Directive, Directives } from './directive.ts'

type Change = ReturnType<typeof changeSimply>
type Pure = World['pure']

/** The function from a membership and changes to the next membership, without any node. */
export const pureMembershipDirectives: Directives = {
  simple: directive((membership, { input }) => changeSimply(membership, parseChanges(input))),
  'enter-joint': directive((membership, { input, options }) =>
    enterJoint(membership, parseChanges(input), options.get('autoleave') === 'true'),
  ),
  'leave-joint': directive(membership => leaveJoint(membership)),
}

/** Every directive lengthens the log by an entry, also a refused one. */
function directive(change: (membership: Membership, block: Block) => Change): Directive {
  return ({ pure }, block, out) => {
    const result = change(pure.membership, block)
    if (result.ok) {
      take(pure, result.membership, result.fresh)
      out.line(...show(pure))
    } else out.line('error')
    pure.lastIndex++
  }
}

/** `again`: members that were removed and added in the same change. They start anew, as new ones do. */
function take(pure: Pure, membership: Membership, again: readonly string[]): void {
  const fresh = memberIds(membership).filter(id => again.includes(id) || !isMember(pure.membership, id))
  for (const id of fresh) pure.next.set(id, Math.max(1, pure.lastIndex))
  pure.membership = membership
}

function show({ membership, next }: Pure): string[] {
  return [showMembership(membership), ...memberIds(membership).map(id => showFresh(id, next.get(id) ?? 0, membership))]
}

function showMembership({ voters, outgoing, learners, learnersNext, autoLeave }: Membership): string {
  let line = `voters=(${showIds(voters)})`
  if (outgoing.length > 0) line += `&&(${showIds(outgoing)})`
  if (learners.length > 0) line += ` learners=(${showIds(learners)})`
  if (learnersNext.length > 0) line += ` learners_next=(${showIds(learnersNext)})`
  return autoLeave ? `${line} autoleave` : line
}

/** The progress of a member of which nothing is known yet. */
function showFresh(id: string, next: number, { learners }: Membership): string {
  const unknown = { match: 0, paused: false, active: true, repairing: false, pendingSnapshot: 0, inflight: 0, inflightFull: false }
  return showProgress({ id: showId(id), state: 'probe', next, learner: learners.includes(id), ...unknown })
}
