import type { NodeId } from 'raft-core'
import { memberIds } from 'raft-core'
import { brokenForEver } from '../core-form.ts'
import { sameMembership, showMembership } from '../invariants/config-history.ts'
import type { Recovery } from '../invariants/liveness.ts'
import { LivenessWatch } from '../invariants/liveness.ts'
import { quorumHas } from '../invariants/quorum.ts'
import type { Clients } from './clients.ts'
import type { Machine } from './machine.ts'
import { calm } from './scenario.ts'
import type { NodeWorld } from './world.ts'

/** Ends all faults, and then demands that the cluster recovers (§3.14): every machine that was not switched off for good, in some runs a quorum. */
export class Recovering<Result> {
  isDone = false
  readonly #world: NodeWorld<Result>
  readonly #clients: Clients<Result>
  readonly #watch: LivenessWatch
  readonly #broken: ReadonlySet<string>
  /** Transfers and changes of the membership that somebody asked for before may come until then. */
  readonly #callsEndAt: number
  #written = false
  #read = false

  constructor(world: NodeWorld<Result>, clients: Clients<Result>) {
    this.#world = world
    this.#clients = clients
    this.#broken = this.#heal()
    const { electionTicks, tickMs } = world.scenario
    this.#watch = new LivenessWatch(world.now, (2 * electionTicks - 1) * tickMs, backlogMs(world, lagOf(world)))
    // Clocks may be slow by a fifth.
    const [, longestMs] = world.scenario.callTimeoutMs
    this.#callsEndAt = world.now + 1.3 * longestMs
    this.#look()
    this.#ask()
    this.#tidy()
  }

  /** Returns who stays broken. */
  #heal(): ReadonlySet<string> {
    const world = this.#world
    world.healed = true
    world.faults = calm(world.scenario.timeoutMs)
    world.event('heal', 0, () => 'all faults are over, all machines come back')
    world.network.heal(world.faults.network)
    const broken = breakSome(world)
    for (const machine of world.machines) {
      machine.hangsUntil = 0
      machine.disk.room = Number.POSITIVE_INFINITY
      machine.disk.failsNext = undefined
      machine.resume()
      machine.start()
    }
    return broken
  }
  #leader(): Machine<Result> | undefined {
    const leader = this.#world.leader()
    return leader === undefined || this.#broken.has(leader.id) ? undefined : leader
  }

  #look(): void {
    const world = this.#world
    world.check(() => {
      this.isDone = this.#watch.look(world.now, this.#state())
    })
    if (!this.isDone) world.schedule.after(world.scenario.timeoutMs / 10, () => this.#look())
  }
  #ask(): void {
    if (this.#written && this.#read) return
    const leader = this.#leader()
    if (leader !== undefined && !this.#written) {
      this.#clients.write(leader, () => {
        this.#written = true
      })
    }
    if (leader !== undefined && !this.#read) {
      this.#clients.read(leader, () => {
        this.#read = true
      })
    }
    this.#world.schedule.after(this.#world.scenario.timeoutMs / 3, () => this.#ask())
  }
  #tidy(): void {
    this.#world.operators.tidyUp()
    this.#world.schedule.after(this.#world.scenario.timeoutMs, () => this.#tidy())
  }

  #state(): Recovery {
    const { machines } = this.#world
    const leader = this.#leader()
    if (leader === undefined) return { serving: () => `there is no leader: ${summary(machines)}`, level: () => 'no leader', terms: '' }
    const { membership } = leader.core!.status()
    const ids = memberIds(membership).filter(id => !this.#broken.has(id))
    const members = ids.map(id => machines.find(({ core }) => core?.id === id))
    const present = members.filter(member => member !== undefined)
    const terms = present.map(({ core }) => `${core!.id}:${core!.term}`).sort()
    return {
      serving: () => this.#servingProblem(leader, present),
      level: () => {
        if (this.#world.now < this.#callsEndAt) return 'calls from before may still have an effect'
        const whole = machines.filter(({ id }) => !this.#broken.has(id))
        return levelProblem(leader, members, ids, whole)
      },
      terms: terms.join(' '),
    }
  }

  #servingProblem(leader: Machine<Result>, members: readonly Machine<Result>[]): string | undefined {
    const { machines } = this.#world
    if (members.some(member => member !== leader && member.core?.role === 'leader'))
      return `there are several leaders: ${summary(machines)}`
    if (!this.#written) return `no fresh write was served: ${summary(machines)}`
    return this.#read ? undefined : `no fresh read was served: ${summary(machines)}`
  }
}

/**
 * Only in runs that have come to one membership which everybody knows, without a damaged or lost disk, so that whoever recovers has a quorum
 * that can vote.
 */
function breakSome<Result>(world: NodeWorld<Result>): ReadonlySet<string> {
  const { machines, mainCluster, scenario } = world
  const { membershipMs, wipeMs, damageMs, oldFolderMs } = scenario.faults
  if ([membershipMs, wipeMs, damageMs, oldFolderMs].some(ms => ms !== undefined)) return new Set()
  if (mainCluster === undefined || !isAgreed(world)) return new Set()
  const { membership } = mainCluster.ghost.configs.latest
  const isQuorum = (has: (id: NodeId) => boolean) => quorumHas(membership, has)
  const switchOff = (machine: Machine<Result>) => {
    machine.isRetired = true
    machine.crash('power cut')
  }
  return brokenForEver(world, { members: machines, isQuorum, switchOff })
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

/** How far the last member is behind the first. */
function lagOf<Result>({ mainCluster }: NodeWorld<Result>): number {
  if (mainCluster === undefined) return 0
  const { committed, configs, nodes } = mainCluster.ghost
  const members = memberIds(configs.latest.membership).map(id => nodes.get(id)?.disk.log.last ?? 0)
  return Math.max(...members) - Math.min(committed.last, ...members)
}

/** What `lag` entries can take: the smallest limits let one pass per round trip and save. */
export function backlogMs<Result>({ faults, scenario }: NodeWorld<Result>, lag: number): number {
  const { maxMessageBytes = Infinity, maxInflight = Infinity, maxInflightBytes = Infinity, maxApplyBytes = Infinity } = scenario.limits
  const isSmall = maxMessageBytes <= 1000 || maxInflight <= 4 || maxInflightBytes < Infinity || maxApplyBytes <= 500
  const perEntry = 2 * faults.network.delayMs[1] + 3 * faults.syncMs[1] + scenario.applyMs[1] + 4 * scenario.lateMs
  return isSmall ? lag * perEntry : 0
}

function levelProblem<Result>(
  leader: Machine<Result>,
  members: readonly (Machine<Result> | undefined)[],
  ids: readonly NodeId[],
  all: readonly Machine<Result>[],
): string | undefined {
  const { commit, last, membership, term } = leader.core!.status()
  for (const [at, member] of members.entries()) {
    const id = ids[at]
    if (member?.running === undefined) return `${id} does not run: ${summary(all)}`
    const isLevel = member.core?.commit === commit && member.applied === commit && last.index === commit
    if (!isLevel) return `${id} does not catch up with ${leader.id}, which has ${last.index} and committed ${commit}: ${summary(all)}`
    if (member.core?.term !== term) return `${id} is in another term than ${leader.id}, its leader: ${summary(all)}`
    const status = member.running.node.status()
    if (!sameMembership(status.membership, membership))
      return `${id} has ${showMembership(status.membership)}, not ${showMembership(membership)}`
    if (status.fault !== undefined) return `${id} does not serve: ${status.fault.message}`
    if (status.diskFull !== undefined) return `${id} takes no writes: ${status.diskFull}`
  }
  const outside = all.find(machine => !machine.isRetired && !members.includes(machine))
  if (outside !== undefined) return `${outside.id} is not a member: ${summary(all)}`
  if (membership.promoting.length > 0) return `learners wait to become voters: ${showMembership(membership)}`
  return undefined
}

function summary<Result>(machines: readonly Machine<Result>[]): string {
  return machines
    .filter(({ isRetired, state }) => !isRetired || state !== 'down')
    .map(({ id, core, applied, state, fault, watch }) => {
      if (core === undefined || state === 'down') return `${id} is ${state}`
      const log = `log ${watch?.ghost?.log.base ?? 0}..${watch?.ghost?.log.last ?? 0}`
      return `${core.id} ${state} ${core.role} t${core.term} ${log} commit ${core.commit} applied ${applied}${fault ? ` ${fault}` : ''}`
    })
    .join('; ')
}
