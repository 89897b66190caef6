import type { Index, NodeId } from 'raft-core'
import { isMember, memberIds } from 'raft-core'
import type { RaftError } from 'raft-node'
import { Violation } from '../invariants/invariant.ts'
import type { Random } from '../random.ts'
import { strike } from './damage.ts'
import type { Machine } from './machine.ts'
import { duration, recur } from './nemesis.ts'
import type { NodeWorld } from './world.ts'

/**
 * Those who operate the cluster. They take no risk that could cost it its majority for ever: only one folder is lost at a time, and
 * until its member is replaced nobody leaves.
 */
export class Operators<Result> {
  readonly #world: NodeWorld<Result>
  readonly #random: Random
  /** The machine whose folder was lost and whose member is not replaced yet. */
  #wiped: Machine<Result> | undefined
  /** The machine whose disk was damaged last. */
  #damaged: Machine<Result> | undefined
  /** Until then, a change that somebody asked for may begin. */
  #askingUntil = 0
  readonly #comparing: Random
  /** A membership that somebody knew. */
  #known: Index | undefined
  /** Members that somebody asked to remove. */
  readonly #leaving = new Set<NodeId>()
  /** Members that somebody asked to be voters. */
  readonly promoted = new Set<NodeId>()

  constructor(world: NodeWorld<Result>) {
    this.#world = world
    this.#random = world.random.fork('operators')
    this.#comparing = world.random.fork('comparing operators')
  }

  start(): void {
    const { membershipMs, wipeMs, damageMs, closeMs, leaseMs } = this.#world.faults
    if (membershipMs !== undefined) recur(this.#world, this.#random, membershipMs, () => this.#changeSomething())
    if (wipeMs !== undefined) recur(this.#world, this.#random, wipeMs, () => this.#loseFolder())
    if (damageMs !== undefined) recur(this.#world, this.#random, damageMs, () => this.#damageOne())
    if (closeMs !== undefined) recur(this.#world, this.#random, closeMs, () => this.#closeOne())
    if (leaseMs !== undefined) recur(this.#world, this.#random, leaseMs, () => this.#switchLeases())
  }

  // ── what machines report ──

  opened(machine: Machine<Result>): void {
    this.#world.check(() => this.#world.inviting.opened(machine))
    if (machine === this.#wiped && machine.cluster === this.#world.mainCluster) this.#wiped = undefined
  }

  /** Says what to do next; here it is done, after a while. */
  refused(machine: Machine<Result>, { code }: RaftError): void {
    const { coverage } = this.#world
    if (code === 'WIPED_MEMBER') {
      coverage.saw('wiped folder refused')
      if (this.#world.inviting.replaces(machine, this.#memberNamed(machine.id))) return
      machine.order.replaces = true
    }
    // Removed before it ever ran, or while it was away: of no more use with this folder.
    if (code === 'NOT_A_MEMBER') machine.wipe()
    this.#later(() => machine.start())
  }

  faulty(machine: Machine<Result>): void {
    if (machine.fault === 'OLD_FOLDER') return this.#deleteOldFolder(machine)
    this.#later(() => {
      if (machine.fault === 'WIPED_MEMBER') {
        // The first command has founded a second cluster here: the one that helps is in the error.
        machine.order.founds = false
        machine.order.replaces = true
        machine.close()
      } else if (machine.fault === 'NOT_A_MEMBER') this.#retire(machine)
      else if (machine.fault === 'STORAGE_FAILED') this.#startAgain(machine)
    })
  }

  /** Its process ends in one way or another. */
  #startAgain(machine: Machine<Result>): void {
    if (this.#random.chance(0.4)) return machine.close()
    machine.crash(this.#random.chance(0.5) ? 'kill' : 'power cut')
    this.#later(() => machine.start())
  }

  /** After a while, in which it must be of no harm. Then the next start is told how to go on. */
  #deleteOldFolder(machine: Machine<Result>): void {
    const { process } = machine
    const { timeoutMs } = this.#world.scenario
    this.#world.schedule.after(timeoutMs * this.#random.between(1, 8), () => {
      if (machine.process !== process || machine.fault !== 'OLD_FOLDER') return
      this.#wiped = machine
      machine.order.founds = false
      machine.crash('kill')
      machine.wipe()
      this.#later(() => machine.start())
    })
  }

  closed(machine: Machine<Result>): void {
    this.#later(() => machine.start())
  }

  #later(act: () => void): void {
    const { timeoutMs } = this.#world.scenario
    this.#world.schedule.after(timeoutMs * (0.1 + this.#random.next()), act)
  }

  // ── what they do by themselves ──

  #closeOne(): void {
    const up = this.#world.up()
    const leader = this.#world.leader()
    if (up.length === 0) return
    const machine = leader !== undefined && this.#random.chance(0.5) ? leader : this.#random.pick(up)
    machine.close()
  }

  #changeSomething(): void {
    const ask = this.#someone()
    const members = this.#membership()
    if (ask === undefined || members === undefined) return
    const { voters, learners } = members
    const promotable = learners.filter(id => this.#hasFolder(id))
    const what = this.#random.next()
    const mayLeave = !this.isAtRisk && voters.length > 1
    if (what < 0.2 && mayLeave) this.#change(ask, 'demote', this.#random.pick(voters))
    else if (what < 0.35 && promotable.length > 0) this.#change(ask, 'promote', this.#random.pick(promotable))
    else if (what < 0.6 && mayLeave) this.#change(ask, 'remove', this.#random.pick([...voters, ...learners]))
    else if (what < 0.65) this.#change(ask, 'remove', 'nobody')
    else if (what < 0.75 && mayLeave && promotable.length > 0)
      this.#rearrange(ask, this.#random.pick(voters), this.#random.pick(promotable))
    else this.#letIn()
  }

  #change(machine: Machine<Result>, change: 'promote' | 'demote' | 'remove', id: NodeId): void {
    const { journal, schedule } = this.#world
    const timeoutMs = this.#world.callTimeout()
    journal.record('member', schedule.now, machine, change.length, id.length, () => `${change} ${id}`)
    this.#askingUntil = Math.max(this.#askingUntil, schedule.now + 2 * timeoutMs)
    if (change === 'remove') this.#leaving.add(id)
    if (change === 'promote') this.promoted.add(id)
    const ended = (text: string) => {
      journal.record('answer', schedule.now, machine, change.length, text.length, () => `${change} ${id}: ${text}`)
    }
    const ifMembershipIndex = this.#comparing.chance(0.8) ? this.#expected(machine) : undefined
    machine.ask(timeoutMs, node => node.membership[change](id, { timeoutMs, ifMembershipIndex }), {
      value: index => {
        this.#changed(index, ifMembershipIndex)
        ended(`done at ${index}`)
      },
      error: ({ code, outcome }) => ended(`${code}, ${outcome}`),
    })
  }

  /** What the operator believes the membership to be: what he saw last, or what this node says. */
  #expected(machine: Machine<Result>): Index | undefined {
    if (!this.#world.scenario.comparesMemberships) return undefined
    const known = this.#known
    const now = machine.running?.node.status().membershipIndex
    if (known === undefined || this.#comparing.chance(0.7)) this.#known = now
    return this.#comparing.chance(0.5) ? known : now
  }

  /** A change that compares takes effect only right after the membership that it was meant for. */
  #changed(index: Index, expected: Index | undefined): void {
    if (expected === undefined) return
    this.#world.coverage.saw('compared membership')
    const before = this.#world.mainCluster?.ghost.configs.before(index)
    if (before === undefined || before === expected) return
    const message = `the change at ${index} was meant for the membership of ${expected}, and came after that of ${before}`
    throw new Violation('config-safety', undefined, message)
  }

  #switchLeases(): void {
    const { journal, schedule } = this.#world
    const machine = this.#someone()
    const on = this.#random.chance(0.85)
    const timeoutMs = this.#world.callTimeout()
    if (machine === undefined) return
    journal.record('member', schedule.now, machine, on ? 1 : 0, 0, () => `lease reads ${on ? 'on' : 'off'}`)
    this.#askingUntil = Math.max(this.#askingUntil, schedule.now + 2 * timeoutMs)
    const ended = (text: string) => journal.record('answer', schedule.now, machine, 0, text.length, () => `lease reads: ${text}`)
    machine.ask(timeoutMs, node => node.membership.leaseReads(on, { timeoutMs }), {
      value: index => ended(`done at ${index}`),
      error: ({ code, outcome }) => ended(`${code}, ${outcome}`),
    })
  }

  /** Two at once, through a joint membership; half of the time only if the membership is still the one that the node knows. */
  #rearrange(machine: Machine<Result>, demoted: NodeId, promoted: NodeId): void {
    const { journal, schedule } = this.#world
    const timeoutMs = this.#world.callTimeout()
    journal.record('member', schedule.now, machine, demoted.length, promoted.length, () => `demote ${demoted}, promote ${promoted}`)
    this.#askingUntil = Math.max(this.#askingUntil, schedule.now + 2 * timeoutMs)
    const ifMembershipIndex = this.#random.chance(0.5)
      ? (this.#expected(machine) ?? machine.running?.node.status().membershipIndex)
      : undefined
    this.promoted.add(promoted)
    const edits = [{ type: 'demote', id: demoted } as const, { type: 'promote', id: promoted } as const]
    const ended = (text: string) => journal.record('answer', schedule.now, machine, 2, text.length, () => `rearranging: ${text}`)
    machine.ask(timeoutMs, node => node.membership.change(edits, { timeoutMs, ifMembershipIndex }), {
      value: index => {
        this.#changed(index, ifMembershipIndex)
        ended(`done at ${index}`)
      },
      error: ({ code, outcome }) => ended(`${code}, ${outcome}`),
    })
  }

  /** A new machine, or one whose node was removed, with a new folder. */
  #letIn(): void {
    const { machines, scenario } = this.#world
    const retired = machines.filter(machine => machine.isRetired && machine.state === 'down')
    if (retired.length > 0 && this.#random.chance(0.5)) {
      const machine = this.#random.pick(retired)
      machine.wipe()
      machine.isRetired = false
      machine.order.founds = false
      this.#world.inviting.letIn(machine)
    } else if (machines.length < scenario.maxMachines) this.#world.inviting.letIn(this.#world.addMachine())
  }

  /** A folder was lost, or a disk damaged, and what it held is not yet in its place again. */
  get isAtRisk(): boolean {
    const { core } = this.#damaged ?? {}
    if (core?.status().repairing === false || this.#damaged?.isRetired) this.#damaged = undefined
    return this.#wiped !== undefined || this.#damaged !== undefined || this.#world.oldFolders.isPending
  }

  /** Where enough folders are left, and where no change is under way that could make them too few. */
  mayLoseOne(): boolean {
    const { machines, mainCluster, now } = this.#world
    const members = this.#membership()
    if (this.isAtRisk || now < this.#askingUntil || members === undefined || mainCluster === undefined) return false
    const isQuiet = machines.every(machine => machine.isRetired || (machine.running !== undefined && isSettled(machine)))
    return isQuiet && members.voters.length >= 3
  }

  /** Its member repairs itself from the others. */
  #damageOne(): void {
    if (!this.mayLoseOne()) return
    const machine = this.#random.pick(this.#world.up())
    if (machine.cluster !== this.#world.mainCluster) return
    if (strike(this.#world, machine, this.#random)) this.#damaged = machine
    const { timeoutMs } = this.#world.scenario
    if (machine.state === 'down') this.#world.schedule.after(duration(this.#random, [timeoutMs / 10, 4 * timeoutMs]), () => machine.start())
  }

  #loseFolder(): void {
    const { machines } = this.#world
    if (!this.mayLoseOne()) return
    const machine = this.#random.pick(machines.filter(({ isRetired }) => !isRetired))
    this.#world.coverage.saw('lost folder')
    this.#wiped = machine
    // The founder's first command founds a cluster; who types it again founds another.
    machine.order.founds = machine.order.founds && this.#random.chance(0.7)
    machine.crash(this.#random.chance(0.5) ? 'kill' : 'power cut')
    machine.wipe()
    const { timeoutMs } = this.#world.scenario
    this.#world.schedule.after(duration(this.#random, [timeoutMs / 10, 4 * timeoutMs]), () => machine.start())
  }

  /** Machines whose member was removed are switched off. */
  tidyUp(): void {
    const members = this.#membership()
    if (members === undefined) return
    for (const machine of this.#world.up()) {
      const { core } = machine
      if (core !== undefined && this.#leaving.has(core.id) && !isMember(members, core.id)) this.#retire(machine)
    }
  }
  #retire(machine: Machine<Result>): void {
    machine.isRetired = true
    machine.close()
  }

  /** It has run as this member, and has what it had then: nobody makes a voter of what can never vote. */
  #hasFolder(id: NodeId): boolean {
    const { machines, mainCluster } = this.#world
    return mainCluster?.ghost.nodes.has(id) === true && !machines.some(machine => machine.isWiped && this.#memberNamed(machine.id) === id)
  }
  /** The one that this machine was, or is. */
  #memberNamed(name: string): NodeId | undefined {
    const members = this.#membership()
    return members && memberIds(members).find(id => id === name || id.startsWith(`${name}~`))
  }
  #membership() {
    return this.#world.mainCluster?.ghost.configs.latest.membership
  }
  #someone(): Machine<Result> | undefined {
    const up = this.#world.up().filter(({ cluster }) => cluster === this.#world.mainCluster)
    return up.length === 0 ? undefined : this.#random.pick(up)
  }
}

/** Its log holds no membership change that is not applied. */
function isSettled<Result>({ core }: Machine<Result>): boolean {
  if (core === undefined) return false
  return !core.entries(core.applied + 1, core.status().last.index).some(({ type }) => type === 'membership')
}
