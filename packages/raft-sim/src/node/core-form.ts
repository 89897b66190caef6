import { memberIds } from 'raft-core'
import { sameMembership } from '../invariants/config-history.ts'
import { quorumHas } from '../invariants/quorum.ts'
import type { Machine } from './machine.ts'
import type { NodeWorld } from './world.ts'

/**
 * Liveness in its harder form (§3.14): only a quorum recovers, drawn at random, and the others stay broken for ever, switched off or cut off
 * from everybody. Drawn for some of the runs that have come to one membership which everybody knows, without a damaged or lost disk, so that
 * whoever recovers has a quorum that can vote. Returns who stays broken.
 */
export function brokenForEver<Result>(world: NodeWorld<Result>): ReadonlySet<Machine<Result>> {
  const random = world.random.fork('core form')
  const { machines, mainCluster, scenario } = world
  const { membershipMs, wipeMs, damageMs, oldFolderMs } = scenario.faults
  if ([membershipMs, wipeMs, damageMs, oldFolderMs].some(ms => ms !== undefined) || !random.chance(0.7)) return new Set()
  if (mainCluster === undefined || !isAgreed(world)) return new Set()
  const { membership } = mainCluster.ghost.configs.latest
  const healthy = new Set<string>()
  for (const { id } of random.shuffled(machines)) {
    if (!quorumHas(membership, member => healthy.has(member)) || random.chance(0.2)) healthy.add(id)
  }
  const broken = machines.filter(({ id }) => !healthy.has(id))
  if (broken.length === 0) return new Set()
  world.coverage.saw('only a quorum healed')
  const isOff = random.chance(0.5)
  for (const machine of broken) {
    world.event('fault', machine.number, () => `${machine.id} stays ${isOff ? 'switched off' : 'cut off'} for ever`)
    if (!isOff) continue
    machine.isRetired = true
    if (machine.state !== 'down') machine.crash('power cut')
  }
  if (!isOff) {
    const hosts = machines.map(({ id }) => id)
    world.network.partition(hosts, (from, to) => healthy.has(from) && healthy.has(to))
  }
  return new Set(broken)
}

/** Every machine is a voter, was never replaced, and knows no other membership. */
function isAgreed<Result>({ machines, mainCluster }: NodeWorld<Result>): boolean {
  const { configs, nodes } = mainCluster!.ghost
  const { membership } = configs.latest
  const ids = memberIds(membership)
  return (
    membership.outgoing.length === 0 &&
    membership.voters.length === machines.length &&
    ids.length === machines.length &&
    nodes.size === machines.length &&
    machines.every(({ id, isRetired, isWiped, fault }) => {
      const ghost = nodes.get(id)
      return ghost !== undefined && !isRetired && !isWiped && fault === undefined && sameMembership(ghost.membership, membership)
    })
  )
}
