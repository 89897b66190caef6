import type { Membership, NodeId } from 'raft-core'
import { sameMembership, showMembership } from './config-history.ts'
import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'
import { isVoter } from './quorum.ts'

export const configSafety: Invariant = {
  name: 'config-safety',
  section: '3.11',
  paper: '§6, thesis §4.1, §4.2.3',
  statement:
    'Memberships change one at a time and step by step, only voters of the applied membership campaign, and nobody disturbs a living leader.',

  proposes(_ghost, node, leader, entry, applied) {
    if (applied < leader.lastAtElection) {
      throw new Violation(
        this.name,
        node.id,
        `${node.id} takes a membership change at ${applied} applied; its log at the election went to ${leader.lastAtElection}`,
      )
    }
    const pending = leader.changes.find(index => index > applied && index < entry.index)
    if (pending === undefined) return
    throw new Violation(
      this.name,
      node.id,
      `${node.id} takes a membership change at ${entry.index} while the one at ${pending} is not applied`,
    )
  },

  campaigns(_ghost, node, core, unapplied) {
    if (!isVoter(node.membership, node.id)) {
      throw new Violation(this.name, node.id, `${node.id} campaigns and is not a voter: ${showMembership(node.membership)}`)
    }
    if (unapplied.length === 0) return
    throw new Violation(
      this.name,
      node.id,
      `${node.id} campaigns as ${core.role} with the committed membership change ${unapplied[0]!.index} unapplied`,
    )
  },

  elected(_ghost, node, leader) {
    if (isVoter(node.membership, node.id)) return
    throw new Violation(this.name, node.id, `${node.id} leads term ${leader.term} and is not a voter: ${showMembership(node.membership)}`)
  },

  reconfigures(ghost, node, index, membership) {
    const known = ghost.configs.at(index)
    if (known !== undefined && !sameMembership(known, membership)) {
      throw new Violation(
        this.name,
        node.id,
        `${node.id} applies at ${index} ${showMembership(membership)}; others ${showMembership(known)}`,
      )
    }
    const before = ghost.configs.upTo(index - 1)
    if (known !== undefined || mayFollow(before, membership)) return
    throw new Violation(
      this.name,
      node.id,
      `at ${index} the membership leaps from ${showMembership(before)} to ${showMembership(membership)}`,
    )
  },

  installs(ghost, node, snapshot) {
    if (sameMembership(ghost.configs.upTo(snapshot.index), snapshot.membership)) return
    throw new Violation(this.name, node.id, `the snapshot at ${snapshot.index} says ${showMembership(snapshot.membership)}`)
  },

  receives(_ghost, node, message, core) {
    if (message.type === 'preVote' && core.term !== node.term)
      throw new Violation(this.name, node.id, `a pre-vote of ${message.from} raised the term of ${node.id} to ${core.term}`)
    if (message.type !== 'requestVote' || message.transfer || !node.checkQuorum || core.term === node.term) return
    const inTouch = node.role === 'leader' || (node.followed !== undefined && node.ticksSinceLeader < node.electionTicks)
    if (!inTouch) return
    throw new Violation(
      this.name,
      node.id,
      `${message.from} raised the term of ${node.id} to ${core.term}, which heard from a leader just before`,
    )
  },
}

/** One voter comes or goes; or all through a joint membership, whose outgoing half is what was. */
function mayFollow(before: Membership, after: Membership): boolean {
  const wasJoint = before.outgoing.length > 0
  const isJoint = after.outgoing.length > 0
  if (wasJoint && isJoint) return sameMembership(before, after)
  if (wasJoint) return sameIds(before.voters, after.voters)
  if (isJoint) return sameIds(before.voters, after.outgoing)
  return difference(before.voters, after.voters) <= 1
}

function sameIds(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return difference(a, b) === 0
}

function difference(a: readonly NodeId[], b: readonly NodeId[]): number {
  return a.filter(id => !b.includes(id)).length + b.filter(id => !a.includes(id)).length
}
