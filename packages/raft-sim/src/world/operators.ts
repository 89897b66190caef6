import type { MemberChange, Membership, MembershipChange, NodeId } from 'raft-core'
import { describeChange } from '../describe.ts'
import type { Random } from '../random.ts'
import { recur } from './nemesis.ts'
import type { World } from './world.ts'

/** Changes the membership at random: sensible changes, and some that must be refused. */
export function operate(world: World): void {
  const { membershipMs } = world.faults
  const random = world.random.fork('operators')
  if (membershipMs !== undefined) recur(world, random, membershipMs, () => changeSomething(world, random))
}

function changeSomething(world: World, random: Random): void {
  const leader = world.leader()
  if (leader === undefined) return
  const { membership, membershipIndex } = leader.core!.status()
  const change = membership.outgoing.length > 0 ? leaveJoint : drawChange(world, random, membership)
  // Sometimes only if nobody has changed anything meanwhile, or with an index that cannot be right.
  const guard = random.chance(0.2) ? (random.chance(0.8) ? membershipIndex : membershipIndex + 1) : undefined
  propose(world, change, guard)
}

export const leaveJoint: MembershipChange = { transition: 'auto', changes: [], context: undefined }

export function propose(world: World, change: MembershipChange, ifMembershipIndex?: number): void {
  const leader = world.leader()
  if (leader === undefined) return
  world.journal.record('member', world.schedule.now, leader, change.changes.length, ifMembershipIndex ?? 0, () => describeChange(change))
  const result = leader.driver!.input(core => core.proposeMembership(change, ifMembershipIndex))
  if (result.accepted === false) world.coverage.saw('refused proposal')
}

function drawChange(world: World, random: Random, membership: Membership): MembershipChange {
  if (world.scenario.options.leaseDuration > 0 && random.chance(0.3)) {
    const leaseReads = membership.leaseReads !== true
    if (random.chance(0.7)) return { transition: 'auto', changes: [], leaseReads, context: undefined }
    return { transition: 'implicit', changes: [drawOne(world, random, membership)], leaseReads, context: undefined }
  }
  const count = random.chance(0.3) ? random.between(2, 3) : 1
  const changes = Array.from({ length: count }, () => drawOne(world, random, membership))
  const transition =
    count === 1
      ? random.pick(['auto', 'auto', 'auto', 'implicit', 'explicit'] as const)
      : random.pick(['auto', 'implicit', 'explicit'] as const)
  return { transition, changes, context: random.chance(0.1) ? new Uint8Array(random.between(1, 20)) : undefined }
}

function drawOne(world: World, random: Random, { voters, learners }: Membership): MemberChange {
  const what = random.next()
  const promote = random.chance(0.6)
  if (learners.length > 0 && what < 0.25) return { type: 'voter', id: random.pick(learners) }
  if (voters.length > 1 && what < 0.35) return { type: 'learner', id: random.pick(voters), promote }
  if (voters.length > 1 && what < 0.6) return { type: 'remove', id: random.pick([...voters, ...learners]) }
  if (what < 0.63) return { type: 'update', id: random.pick(voters) }
  return { type: random.chance(0.7) ? 'learner' : 'voter', id: someoneElse(world, random, [...voters, ...learners]), promote }
}

/** A new machine, or one that was removed and comes back with its disk. */
function someoneElse(world: World, random: Random, members: readonly NodeId[]): NodeId {
  const others = [...world.nodes.keys()].filter(id => !members.includes(id))
  if (others.length > 0 && (world.nodes.size >= world.scenario.maxNodes || random.chance(0.5))) return random.pick(others)
  if (world.nodes.size >= world.scenario.maxNodes) return random.pick(members)
  const node = world.addNode()
  node.start()
  return node.id
}
