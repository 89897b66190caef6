import type { Membership } from 'raft-core'
import { memberIds, noMembers } from 'raft-core'
import type { MembershipView, Node } from 'raft-node'
import { sameMembership, showMembership } from '../invariants/config-history.ts'
import { Violation } from '../invariants/invariant.ts'
import type { Random } from '../random.ts'
import type { Cluster } from './cluster.ts'
import type { Machine } from './machine.ts'
import { duration, recur } from './nemesis.ts'
import type { Process } from './process.ts'
import type { NodeWorld } from './world.ts'

/** Applications that follow the memberships of their nodes, if this run has any. */
export class Listening<Result> {
  readonly #world: NodeWorld<Result>
  readonly #random: Random
  readonly #listeners = new Map<Process, Listener<Result>>()

  constructor(world: NodeWorld<Result>) {
    this.#world = world
    this.#random = world.random.fork('listening')
  }

  start(): void {
    const { askMs } = this.#world.scenario
    if (askMs === undefined) return
    recur(this.#world, this.#random, askMs, () => {
      this.#look()
      const others = this.#world.up().filter(({ process }) => process !== undefined && !this.#listeners.has(process))
      if (others.length > 0) this.#listenTo(this.#random.pick(others))
    })
  }

  #listenTo(machine: Machine<Result>): void {
    const { running, cluster } = machine
    if (running === undefined || cluster === undefined) return
    const { process, node } = running
    const listener = new Listener({ world: this.#world, random: this.#random, machine, process, node, cluster })
    this.#listeners.set(process, listener)
    process.enter(() => listener.next())
  }

  /** Between two events: whoever can have heard something has. */
  #look(): void {
    for (const [process, listener] of this.#listeners) {
      this.#world.check(() => listener.look())
      if (!process.isAlive || listener.hasEnded) this.#listeners.delete(process)
    }
  }

  /** Its node has closed. */
  closed(process: Process): void {
    this.#listeners.get(process)?.closed()
  }

  /** Once everything is at rest nobody is slow any more, and all must know the membership of now. */
  demand(): { readonly isDone: boolean } {
    this.#look()
    const known = { isDone: this.#listeners.size === 0 }
    for (const listener of this.#listeners.values()) listener.next()
    if (known.isDone) return known
    this.#world.schedule.after(1, () => {
      this.#look()
      this.#world.check(() => {
        for (const listener of this.#listeners.values()) listener.demand()
      })
      known.isDone = true
    })
    return known
  }
}

type Listens<Result> = {
  readonly world: NodeWorld<Result>
  readonly random: Random
  readonly machine: Machine<Result>
  readonly process: Process
  readonly node: Node<Result>
  readonly cluster: Cluster<Result>
}

/** One that listens until the node is no more, or until it has had enough; at times it is slow to read on. */
class Listener<Result> {
  hasEnded = false
  readonly #parts: Listens<Result>
  readonly #enough = new AbortController()
  #stream: AsyncIterator<MembershipView> | undefined
  #isWaiting = false
  #told: MembershipView | undefined

  constructor(parts: Listens<Result>) {
    this.#parts = parts
    const { world, random, process } = parts
    if (!random.chance(0.2)) return
    const ms = duration(random, [0, 10 * world.scenario.timeoutMs])
    world.schedule.after(ms, () => process.enter(() => this.#enough.abort()))
  }

  /** Reads on, if it does not wait already. */
  next(): void {
    if (this.#isWaiting || this.hasEnded) return
    const { world, node } = this.#parts
    this.#stream ??= node.membership.changes({ signal: this.#enough.signal })[Symbol.asyncIterator]()
    this.#isWaiting = true
    this.#stream.next().then(
      ({ done, value }) => {
        this.#isWaiting = false
        world.check(() => (done ? this.#ends() : this.#hears(value)))
      },
      error => world.fail(error),
    )
  }

  #hears(view: MembershipView): void {
    const { world, random, machine, process } = this.#parts
    const { schedule, journal, coverage, healed } = world
    const { index, membership } = view
    journal.record('member', schedule.now, machine, index, 0, () => `hears ${showMembership(membership)} of ${index}`)
    this.#checkView(view)
    this.#told = view
    coverage.saw('membership told')
    if (healed || random.chance(0.5)) return this.next()
    schedule.after(duration(random, [0, 3 * world.scenario.timeoutMs]), () => process.enter(() => this.next()))
  }

  #checkView({ index, membership, members }: MembershipView): void {
    const before = this.#told?.index
    if (before !== undefined && index <= before) throw this.#broken(`is told the membership of ${index} after that of ${before}`)
    const right = this.#membershipOf(index)
    if (right === undefined) throw this.#broken(`is told a membership of ${index}, where nothing was changed`)
    if (!sameMembership(membership, right))
      throw this.#broken(`is told that ${index} made it ${showMembership(membership)}, not ${showMembership(right)}`)
    const named = members.filter(({ address }) => address !== '').map(({ id }) => id)
    const ids = [...memberIds(membership)].sort()
    if (named.join() !== ids.join()) throw this.#broken(`is told where ${named.join(' ')} are; the members are ${ids.join(' ')}`)
  }

  /** A node that has joined knows none until it has got the first entries. */
  #membershipOf(index: number): Membership | undefined {
    return index === 0 ? noMembers : this.#parts.cluster.ghost.configs.at(index)
  }

  #ends(): void {
    this.hasEnded = true
    const { machine, node } = this.#parts
    const isRunning = machine.running?.node === node && node.fault === undefined
    if (isRunning && !this.#enough.signal.aborted) throw this.#broken('hears no more, and the node runs')
  }

  /** What came of the last event has come. */
  look(): void {
    const { machine, node, process } = this.#parts
    if (!this.#isWaiting || !process.isAlive) return
    if (this.#enough.signal.aborted) throw this.#broken('still waits, and has had enough')
    if (machine.running?.node !== node) return
    const { membershipIndex } = node.status()
    if (this.#told?.index === membershipIndex) return
    throw this.#broken(`waits and knows the membership of ${this.#told?.index}; that of ${membershipIndex} is in effect`)
  }

  /** Nothing keeps it from having heard everything. */
  demand(): void {
    const { machine, node } = this.#parts
    if (machine.running?.node !== node || this.hasEnded || this.#isWaiting) return
    throw this.#broken('reads on and is told nothing')
  }

  closed(): void {
    const { schedule } = this.#parts.world
    this.next()
    schedule.after(1, () => {
      if (!this.hasEnded) this.#parts.world.fail(this.#broken('still waits, and the node is closed'))
    })
  }

  #broken(what: string): Violation {
    const { id } = this.#parts.machine
    return new Violation('told-membership', id, `a listener at ${id} ${what}`)
  }
}
