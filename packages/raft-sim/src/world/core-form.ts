import type { NodeId } from 'raft-core'
import { quorumHas } from '../invariants/quorum.ts'
import type { World } from './world.ts'

/**
 * Liveness in its harder form (§3.14): only a quorum recovers, drawn at random, and the others stay broken for ever, switched off or cut off
 * from everybody. Drawn for some of the runs in which the membership never changes, since it must be a quorum of every membership that is
 * known to those who recover. Returns who stays broken.
 */
export function brokenForEver(world: World): ReadonlySet<NodeId> {
  const random = world.random.fork('core form')
  const members = [...world.nodes.values()]
  if (world.scenario.faults.membershipMs !== undefined || !random.chance(0.7)) return new Set()
  const healthy = new Set<NodeId>()
  for (const { id } of random.shuffled(members)) {
    const isQuorum = members.every(({ ghost }) => quorumHas(ghost.membership, id => healthy.has(id)))
    if (!isQuorum || random.chance(0.2)) healthy.add(id)
  }
  const broken = members.filter(({ id }) => !healthy.has(id))
  if (broken.length === 0) return new Set()
  world.coverage.saw('only a quorum healed')
  const isOff = random.chance(0.5)
  for (const node of broken) {
    world.event('fault', node.number, () => `${node.id} stays ${isOff ? 'switched off' : 'cut off'} for ever`)
    if (!isOff) continue
    node.retired = true
    if (node.isUp) node.crash()
  }
  if (!isOff) {
    world.network.partition(
      members.map(({ id }) => id),
      (from, to) => healthy.has(from) && healthy.has(to),
    )
  }
  return new Set(broken.map(({ id }) => id))
}
