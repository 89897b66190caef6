import type { Membership, NodeId } from 'raft-core'
import { brokenForEver } from '../core-form.ts'
import { calm } from '../faults.ts'
import { sameMembership, showMembership } from '../invariants/config-history.ts'
import type { Recovery } from '../invariants/liveness.ts'
import { LivenessWatch } from '../invariants/liveness.ts'
import { quorumHas } from '../invariants/quorum.ts'
import type { Clients } from './clients.ts'
import type { SimNode } from './node.ts'
import { leaveJoint, propose } from './operators.ts'
import type { World } from './world.ts'

/** Ends all faults, and then demands that the cluster recovers (§3.14): every node that comes back, in some runs only a quorum. */
export function recover(world: World, clients: Clients): void {
  const broken = heal(world)
  const { timeoutMs, options, tickMs } = world.scenario
  const watch = new LivenessWatch(world.schedule.now, (2 * options.electionTicks - 1) * tickMs, backlogMs(world))
  const fresh = { written: false, read: false }
  let done = false
  const look = () => {
    done = watch.look(world.schedule.now, stateOf(world, broken, fresh))
    if (!done) world.schedule.after(timeoutMs / 10, look)
  }
  const ask = () => {
    if (fresh.written && fresh.read) return
    askOnce(world, clients, broken, fresh)
    world.schedule.after(timeoutMs / 3, ask)
  }
  const tidy = () => {
    tidyUp(world)
    world.schedule.after(timeoutMs, tidy)
  }
  look()
  ask()
  tidy()
  while (!done) world.step()
}

/** Returns who stays broken. */
function heal(world: World): ReadonlySet<NodeId> {
  const { timeoutMs } = world.scenario
  world.healed = true
  world.faults = calm(timeoutMs)
  world.event('heal', 0, () => 'all faults are over')
  world.network.heal(world.faults, timeoutMs / 10)
  const broken = breakSome(world)
  for (const node of world.nodes.values()) {
    if (node.retired) continue
    node.heal()
    if (!node.isUp) node.start()
    else if (node.paused) node.resume()
  }
  return broken
}

/** Only where the membership never changes, since it must be a quorum of every membership that is known to those who recover. */
function breakSome(world: World): ReadonlySet<NodeId> {
  if (world.scenario.faults.membershipMs !== undefined) return new Set()
  const members = [...world.nodes.values()]
  const isQuorum = (has: (id: NodeId) => boolean) => members.every(({ ghost }) => quorumHas(ghost.membership, has))
  return brokenForEver(world, { members, isQuorum, switchOff: retire })
}

function leaderBeside(world: World, broken: ReadonlySet<NodeId>): SimNode | undefined {
  const leader = world.leader()
  return leader === undefined || broken.has(leader.id) ? undefined : leader
}

/** The smallest limits let one entry pass per round trip and save. */
function backlogMs(world: World): number {
  const { faults, scenario, observer } = world
  const nodes = [...world.nodes.values()]
  const last = Math.max(observer.ghost.committed.last, ...nodes.map(node => node.disk.log.last))
  const lag = last - Math.min(...nodes.map(node => node.applied))
  const { maxMessageBytes, maxInflight, maxInflightBytes, maxApplyBytes } = scenario.options
  const small = maxMessageBytes <= 1000 || maxInflight <= 4 || maxInflightBytes < Infinity || maxApplyBytes <= 500
  return small ? lag * (2 * faults.delayMs[1] + 2 * faults.saveMs[1] + scenario.applyMs[1]) : 0
}

function askOnce(world: World, clients: Clients, broken: ReadonlySet<NodeId>, fresh: { written: boolean; read: boolean }): void {
  const leader = leaderBeside(world, broken)
  if (leader === undefined) return
  if (!fresh.written) {
    clients.write(leader, () => {
      fresh.written = true
    })
  }
  if (!fresh.read && leader.isUp) {
    clients.read(leader, () => {
      fresh.read = true
    })
  }
}

/** What operators do once all is well again: leave a joint membership that waits for it, switch off machines that were removed. */
function tidyUp(world: World): void {
  const core = world.leader()?.core
  if (core === undefined) return
  const { membership, applied, last } = core.status()
  // Only when no change is under way that could make a member of what is none now.
  const settled = world.observer.ghost.leaders.get(core.term)?.committedInTerm === true && applied === last.index
  if (!settled) return
  if (membership.outgoing.length > 0 && !membership.autoLeave) propose(world, leaveJoint)
  for (const node of strangers(world, membership)) retire(node)
}

/** Removed machines that must not go on running. With all of these options on they do no harm, even if they do not know it yet. */
function strangers(world: World, membership: Membership): SimNode[] {
  const { preVote, checkQuorum, stepDownOnRemoval } = world.scenario.options
  if (preVote && checkQuorum && stepDownOnRemoval) return []
  const members = membersOf(membership)
  return [...world.nodes.values()].filter(node => node.isUp && !members.includes(node.id))
}

function retire(node: SimNode): void {
  node.retired = true
  if (node.isUp) node.crash()
}

function membersOf({ voters, outgoing, learners }: Membership): NodeId[] {
  return [...new Set([...voters, ...outgoing, ...learners])]
}

function stateOf(world: World, broken: ReadonlySet<NodeId>, fresh: { readonly written: boolean; readonly read: boolean }): Recovery {
  const leader = leaderBeside(world, broken)
  if (leader === undefined)
    return { serving: () => `there is no leader: ${summary([...world.nodes.values()])}`, level: () => 'no leader', terms: '' }
  const { membership } = leader.core!.status()
  const members = membersOf(membership).flatMap(id => (broken.has(id) ? [] : [world.nodes.get(id)!]))
  const others = members.filter(node => node !== leader && node.core?.role === 'leader')
  return {
    serving: () => servingProblem(fresh, others, summary(members)),
    level: () =>
      levelProblem(leader, members, membership) ?? (strangers(world, membership).length > 0 ? 'removed machines still run' : undefined),
    terms: members
      .map(node => `${node.id}:${node.core?.term}`)
      .sort()
      .join(' '),
  }
}

function servingProblem(
  fresh: { readonly written: boolean; readonly read: boolean },
  others: readonly SimNode[],
  state: string,
): string | undefined {
  if (others.length > 0) return `there are several leaders: ${state}`
  if (!fresh.written) return `no fresh write was served: ${state}`
  return fresh.read ? undefined : `no fresh read was served: ${state}`
}

function levelProblem(leader: SimNode, members: readonly SimNode[], membership: Membership): string | undefined {
  const { commit, last, term } = leader.core!.status()
  if (!members.includes(leader)) return `${leader.id} leads and is not a member`
  if (membership.outgoing.length > 0) return `the membership stays joint: ${showMembership(membership)}`
  for (const node of members) {
    const behind = node.core === undefined || node.core.commit !== commit || node.applied !== commit || last.index !== commit
    if (behind)
      return `${node.id} does not catch up with ${leader.id}, which has ${last.index} and committed ${commit}: ${summary(members)}`
    // Without pre-votes it ignores its leader, and campaigns when it has heard of none for long enough (§5.1).
    if (node.core?.term !== term) return `${node.id} is in another term than ${leader.id}, its leader: ${summary(members)}`
    if (!sameMembership(node.ghost.membership, membership)) return `${node.id} has ${showMembership(node.ghost.membership)}`
  }
  return undefined
}

function summary(nodes: readonly SimNode[]): string {
  return nodes
    .map(({ id, core, applied, ghost }) => {
      if (core === undefined) return `${id} is down`
      const last = `${ghost.log.last}@${ghost.log.lastTerm}`
      return `${id} ${core.role} t${core.term} log to ${last} commit ${core.commit} applied ${applied} ${showMembership(ghost.membership)}`
    })
    .join('; ')
}
