import type { Index, NodeId } from 'raft-core'
import type { NodeEvent } from 'raft-node'
import { Violation } from '../invariants/invariant.ts'
import type { Random } from '../random.ts'
import type { Clients } from './clients.ts'
import type { Machine } from './machine.ts'
import { recur } from './nemesis.ts'
import type { NodeWorld } from './world.ts'

type Divergence = Extract<NodeEvent, { type: 'divergence' }>
/** `since`: the first command after which it showed. */
type Difference = { since: Index | undefined }

/** Nodes compare at least so many of the latest digests. */
const comparedMin = 900
/** A leader asks every 5 s of its clock, and once more if there was no answer. */
const toldWithinMs = 20_000

/** The digests that a node is told of its state, from its start or its last snapshot on. */
export class ToldDigests {
  /** In what they are told, the state differs from that of others; in truth it never does. */
  difference: Difference | undefined
  readonly #ids = new Set<string>()
  #indices: Index[] = []

  tell(index: Index, digest: number): number {
    this.#indices.push(index)
    if (this.difference === undefined) return digest
    this.difference.since ??= index
    return ~digest
  }
  /** A snapshot has taken the place of the state. */
  clear(): void {
    this.difference = undefined
    this.#indices = []
  }

  /** Whether the digest after this command is among those that are compared, and which was the one before it. */
  find(index: Index): { readonly before: Index | undefined } | undefined {
    const at = this.#indices.lastIndexOf(index)
    return at < 0 || this.#indices.length - at > comparedMin ? undefined : { before: this.#indices[at - 1] }
  }

  /** Its node has told of this member in this term, which it does once. */
  said(id: NodeId, term: number): void {
    this.#ids.add(`${id} ${term}`)
  }
  hasSaid(id: NodeId, term: number): boolean {
    return this.#ids.has(`${id} ${term}`)
  }
}

/**
 * In runs whose nodes compare digests, the state of a machine begins to differ now and then, as far as its digests say. Nodes tell of that,
 * with the command after which it began, and of nothing else.
 */
export class Differing<Result> {
  readonly #world: NodeWorld<Result>
  readonly #random: Random
  readonly #differences = new Map<NodeId, Difference[]>()

  constructor(world: NodeWorld<Result>) {
    this.#world = world
    this.#random = world.random.fork('differing')
  }

  start(): void {
    const { comparesDigests, timeoutMs } = this.#world.scenario
    if (!comparesDigests) return
    recur(this.#world, this.#random, 30 * timeoutMs, () => {
      const up = this.#world.up()
      if (up.length > 0) this.#begin(this.#random.pick(up))
    })
  }

  #begin({ watch, core, number, id }: Machine<Result>): void {
    if (watch === undefined || core === undefined || watch.digests.difference !== undefined) return
    this.#world.event('fault', number, () => `the state of ${id} begins to differ`)
    const difference: Difference = { since: undefined }
    watch.digests.difference = difference
    this.#differences.set(core.id, [...(this.#differences.get(core.id) ?? []), difference])
  }

  // ── what is told ──

  /** A node says that another one differs from it. */
  told(machine: Machine<Result>, event: Divergence): void {
    const { core, watch, id } = machine
    if (core === undefined || watch === undefined) return
    watch.digests.said(event.id, core.term)
    this.#world.coverage.saw('divergence told')
    const starts = [core.id, event.id].flatMap(one => this.#differences.get(one) ?? []).flatMap(({ since }) => since ?? [])
    const fits = starts.some(since => (event.isExact ? event.index === since : event.index >= since))
    const what = `${id} says that ${event.id} differs from it after the command at ${event.index}`
    if (!fits) throw new Violation('divergence', id, `${what}; ${starts.length === 0 ? 'neither does' : `it was ${starts.join(' or ')}`}`)
    this.#checkPlace(machine, event, what)
  }

  /** If both could see where it began, that is what is told. */
  #checkPlace({ watch, core, id }: Machine<Result>, event: Divergence, what: string): void {
    const other = this.#world.machines.find(one => one.core?.id === event.id)?.watch
    const since = firstOf(watch?.digests.difference?.since, other?.digests.difference?.since)
    // Told of one that had differed before, and has started again or got a snapshot meanwhile.
    if (since === undefined || other === undefined || this.#hasDifferedTwice(core?.id, event.id)) return
    const [here, there] = [watch?.digests.find(since), other.digests.find(since)]
    if (here === undefined || there === undefined) return
    if (event.index !== since) throw new Violation('divergence', id, `${what}; it began at ${since}, which both knew`)
    const isSeen = here.before !== undefined && here.before === there.before && watch?.digests.find(here.before) !== undefined
    if (isSeen && !event.isExact) throw new Violation('divergence', id, `${what}, or earlier; both knew that they agreed before it`)
  }
  #hasDifferedTwice(...ids: readonly (NodeId | undefined)[]): boolean {
    return ids.flatMap(id => this.#differences.get(id ?? '') ?? []).length > 1
  }

  // ── what must be told ──

  /** Once everything is at rest one more differs, if somebody can see it: `isDone` once that was told. */
  demand(clients: Clients<Result>): { readonly isDone: boolean } {
    const told = { isDone: true }
    const leader = this.#world.leader()
    const other = leader === undefined ? undefined : this.#whoShows(leader)
    if (leader === undefined || other === undefined) return told
    told.isDone = false
    const until = this.#world.now + toldWithinMs
    const look = () => {
      told.isDone = isTold(leader, other)
      if (told.isDone) return
      this.#begin(other)
      clients.write(leader)
      const text = `${other.id} differs, and its leader ${leader.id} has not told it within ${toldWithinMs} ms`
      if (this.#world.now > until) this.#world.fail(new Violation('divergence', leader.id, text))
      this.#world.schedule.after(this.#world.scenario.timeoutMs / 3, look)
    }
    look()
    return told
  }

  /** A member that the leader can ask, and has not told of in its term. What differs differs in the same way: two that do are alike. */
  #whoShows(leader: Machine<Result>): Machine<Result> | undefined {
    const { scenario, network, machines } = this.#world
    const { core } = leader
    if (!scenario.comparesDigests || core === undefined || leader.watch?.digests.difference !== undefined) return undefined
    const isInTouch = ({ id, core: other }: Machine<Result>) =>
      other?.leader === core.id && other.term === core.term && !network.isCut(leader.id, id) && !network.isCut(id, leader.id)
    const candidates = machines.filter(one => one !== leader && one.running !== undefined && isInTouch(one) && !isTold(leader, one))
    return candidates.length === 0 ? undefined : this.#random.pick(candidates)
  }
}

function isTold<Result>({ watch, core }: Machine<Result>, other: Machine<Result>): boolean {
  return core !== undefined && other.core !== undefined && watch?.digests.hasSaid(other.core.id, core.term) === true
}

function firstOf(one: Index | undefined, other: Index | undefined): Index | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other)
}
