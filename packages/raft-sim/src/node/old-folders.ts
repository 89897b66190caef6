import type { Index, Message, NodeId, Status, Term } from 'raft-core'
import type { NodeGhost } from '../invariants/ghost.ts'
import { Violation } from '../invariants/invariant.ts'
import { quorumHas } from '../invariants/quorum.ts'
import type { Random } from '../random.ts'
import type { Disk, DiskContents } from './disk.ts'
import type { Machine } from './machine.ts'
import { duration, recur } from './nemesis.ts'
import type { NodeWorld } from './world.ts'

/** A copy of a whole folder, and how much its node knew at most. */
type Copy<Result> = {
  readonly machine: Machine<Result>
  readonly id: NodeId
  /** Where it was made. */
  readonly disk: Disk
  readonly contents: DiskContents
  readonly last: Index
  readonly commit: Index
}

/** A copy that was put back, who led then, and what the folder held before. */
type PutBack<Result> = {
  readonly machine: Machine<Result>
  readonly id: NodeId
  readonly leader: NodeId
  readonly term: Term
  readonly last: Index
}

/**
 * Somebody copies the data folder of a node, and puts that copy back later. A leader that has seen the node acknowledge more knows it and says
 * so; others cannot. So this is done only where it does no harm if that leader goes before it has said anything: whatever the node has
 * acknowledged is committed, and all others of a quorum have it on their disks, with the term.
 */
export class OldFolders<Result> {
  readonly #world: NodeWorld<Result>
  readonly #random: Random
  #copy: Copy<Result> | undefined
  #putBack: PutBack<Result> | undefined
  /** That hold an old copy, or what a node made of one. */
  readonly #oldDisks = new WeakSet<Disk>()

  constructor(world: NodeWorld<Result>) {
    this.#world = world
    this.#random = world.random.fork('old folders')
  }

  start(): void {
    const { oldFolderMs } = this.#world.faults
    if (oldFolderMs !== undefined) recur(this.#world, this.#random, oldFolderMs, () => this.#act())
  }

  /** Nobody has told it yet, and it has not come level with what it was. */
  get isPending(): boolean {
    const { machine, id, last } = this.#putBack ?? {}
    if (machine === undefined || id === undefined || last === undefined) return false
    const { watch, isRetired } = machine
    // While it starts, nobody knows yet who it is.
    const isReplaced = machine.isWiped || (watch?.identity !== undefined && watch.identity.nodeId !== id)
    if (isRetired || isReplaced || (watch?.ghost?.disk.log.last ?? 0) >= last) this.#putBack = undefined
    return this.#putBack !== undefined
  }

  #act(): void {
    const isOfUse = this.#copy !== undefined && this.#copy.machine.disk === this.#copy.disk && !this.#random.chance(0.02)
    if (this.#copy === undefined || !isOfUse) this.#copy = this.#copyOne()
    else if (!this.isPending) this.#putItBack(this.#copy)
  }

  #copyOne(): Copy<Result> | undefined {
    const machine = this.#random.pick(this.#world.machines)
    const { core, watch, disk } = machine
    if (core === undefined || machine.cluster !== this.#world.mainCluster || !isAtRest(machine)) return undefined
    // A copy of a damaged folder would be both.
    if (core.status().repairing) return undefined
    return { machine, id: core.id, disk, contents: disk.copy(), last: core.status().last.index, commit: watch?.ghost?.disk.commit ?? 0 }
  }

  #putItBack(copy: Copy<Result>): void {
    const { machine, id } = copy
    const leader = this.#world.leader()?.core
    const before = machine.watch?.ghost?.disk.log.last
    if (leader === undefined || before === undefined || !this.#isHarmless(copy, leader.status())) return
    const { coverage, schedule, scenario } = this.#world
    this.#copy = undefined
    machine.crash(this.#random.chance(0.5) ? 'kill' : 'power cut')
    this.#world.event(
      'fault',
      machine.number,
      () => `an old copy of the folder of ${id} is put back: its log ends at ${copy.last}, not ${before}`,
    )
    coverage.saw('old folder')
    machine.putBack(copy.contents)
    this.#oldDisks.add(machine.disk)
    this.#putBack = { machine, id, leader: leader.id, term: leader.term, last: before }
    schedule.after(duration(this.#random, [scenario.timeoutMs / 10, 4 * scenario.timeoutMs]), () => machine.start())
  }

  /** And the leader knows better: it has seen more of it. */
  #isHarmless({ machine, id, last, commit }: Copy<Result>, leader: Status): boolean {
    const { operators, mainCluster, machines } = this.#world
    if (mainCluster === undefined || machine.core?.id !== id || leader.id === id || !isAtRest(machine) || !operators.mayLoseOne())
      return false
    const { committed, configs, nodes } = mainCluster.ghost
    const seen = leader.progress.find(one => one.id === id)?.match ?? 0
    if (Math.min(seen, leader.commit) <= last || machine.core.status().last.index > leader.commit || configs.latest.index > commit)
      return false
    const isOfTerm = ({ core, isRetired }: Machine<Result>) =>
      isRetired || (core?.term === leader.term && (core.role === 'follower' || core.role === 'leader'))
    const hasAll = (node: NodeGhost | undefined) =>
      node !== undefined && node.disk.term === leader.term && node.disk.log.last >= committed.last
    return (
      machines.every(isOfTerm) &&
      leader.membership.voters.every(voter => nodes.get(voter)?.disk.term === leader.term) &&
      quorumHas(leader.membership, voter => voter !== id && hasAll(nodes.get(voter)))
    )
  }

  // ── what follows ──

  /** Whether it is true that this machine has an old folder. A leader of then may have been stopped, and say so when others have filled it. */
  told(machine: Machine<Result>): boolean {
    if (!this.#oldDisks.has(machine.disk)) return false
    this.#world.coverage.saw('old folder told')
    return true
  }

  /**
   * The connections of its earlier life ended with that: while this leader leads, nothing may come from it any more. One that leads no more, in
   * the same term, knows as little as others: it answers whoever asks for its vote, and what it said before may only leave it now, once its
   * disk has it.
   */
  hears(host: string, { from, term, type }: Message): void {
    const old = this.#putBack
    if (old?.machine.id !== host || from !== old.leader || term !== old.term || !this.isPending || !this.#leads(old)) return
    const text = `${old.id} hears ${type} from ${from}, which has seen more of its folder than it holds`
    throw new Violation('old-folder', old.id, text)
  }

  #leads({ leader, term }: PutBack<Result>): boolean {
    return this.#world.up().some(({ core }) => core?.id === leader && core.role === 'leader' && core.term === term)
  }

  says(host: string, { type, to }: Message): void {
    const { machine, id } = this.#putBack ?? {}
    if (machine?.id !== host || machine.fault !== 'OLD_FOLDER') return
    throw new Violation('old-folder', id, `${id} says ${type} to ${to}, and was told that its folder is an old copy`)
  }
}

/** What it has on its disk is what its node believes to be there. */
function isAtRest<Result>({ running, watch, disk }: Machine<Result>): boolean {
  return running !== undefined && watch?.isSaving === false && disk.pendingOf(running.process) === 0
}
