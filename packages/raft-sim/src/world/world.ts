import type { Message, NodeId, Raft, RaftOptions, Snapshot } from 'raft-core'
import { Coverage } from '../coverage.ts'
import type { Faults, Scenario } from '../faults.ts'
import { Ghost } from '../invariants/ghost.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { Observer } from '../invariants/observer.ts'
import type { Journal } from '../journal.ts'
import type { Random } from '../random.ts'
import { Network } from './network.ts'
import type { NodeWorld } from './node.ts'
import { SimNode } from './node.ts'
import { Schedule } from './schedule.ts'
import { DigestMachine } from './state-machine.ts'

/** The chain hash of the position from which every cluster starts. */
const genesis = { index: 1, term: 1, chain: 1 }

export type WorldOptions = {
  readonly random: Random
  readonly scenario: Scenario
  readonly journal: Journal
  readonly invariants: readonly Invariant[]
  readonly createCore: (options: RaftOptions) => Raft
}

/** One cluster and all that surrounds it. */
export class World implements NodeWorld {
  readonly random: Random
  readonly scenario: Scenario
  readonly schedule: Schedule
  readonly journal: Journal
  readonly coverage = new Coverage()
  readonly observer: Observer
  readonly network: Network
  readonly nodes = new Map<NodeId, SimNode>()
  readonly createCore: (options: RaftOptions) => Raft
  faults: Faults
  /** Lets the nemesis strike at a chosen moment. */
  onSaved: (node: SimNode) => void = () => {}
  /** The faults are over: what remains is to see whether the cluster recovers. */
  healed = false

  constructor({ random, scenario, journal, invariants, createCore }: WorldOptions) {
    this.random = random
    this.scenario = scenario
    this.faults = scenario.faults
    this.journal = journal
    this.createCore = createCore
    this.schedule = new Schedule(random.fork('schedule'))
    const snapshot = firstSnapshot(scenario)
    this.observer = new Observer(new Ghost(genesis, snapshot.membership), invariants)
    this.network = new Network(
      { schedule: this.schedule, coverage: this.coverage, random: random.fork('network'), faults: this.faults },
      (message, from) => this.#deliver(message, from),
      (message, from) => this.#lost(message, from),
    )
    for (let i = 0; i < scenario.voters + scenario.learners; i++) this.addNode().disk.format(snapshot, genesis.chain)
    for (const node of this.nodes.values()) node.start()
  }

  /** A new machine with an empty disk; not started, not a member of anything. */
  addNode(): SimNode {
    const number = this.nodes.size + 1
    const node = new SimNode(this, number, this.random.fork(`node ${number}`))
    this.nodes.set(node.id, node)
    return node
  }

  up(): SimNode[] {
    return [...this.nodes.values()].filter(node => node.isUp && !node.paused)
  }
  /** The leader of the latest term, if one is up. */
  leader(): SimNode | undefined {
    let latest: SimNode | undefined
    for (const node of this.nodes.values()) {
      if (node.core?.role !== 'leader' || node.paused) continue
      if (latest === undefined || node.core.term > latest.core!.term) latest = node
    }
    return latest
  }

  send(node: SimNode, message: Message): void {
    this.observer.sent(node.ghost, message)
    this.network.send(node.id, message)
  }

  saved(node: SimNode): void {
    this.onSaved(node)
  }

  /** Something happens outside of any node. */
  event(kind: 'fault' | 'heal', what: number, text: () => string): void {
    this.journal.record(kind, this.schedule.now, undefined, what, 0, text)
  }

  step(): void {
    this.observer.ghost.step++
    this.schedule.step()
  }

  #deliver(message: Message, from: NodeId): void {
    const arrived = this.nodes.get(message.to)?.deliver(message) ?? false
    if (message.type === 'installSnapshot') this.#reportSnapshot(message, from, arrived ? 'received' : 'failed')
  }

  /** A sender may learn that nobody took its message, never that somebody did; except of a snapshot, whose transfer it waits for. */
  #lost(message: Message, from: NodeId): void {
    if (message.type === 'installSnapshot') return this.#reportSnapshot(message, from, 'failed')
    const { reportRate } = this.faults
    if (reportRate === 0 || !this.random.chance(reportRate)) return
    this.#later(from, core => core.reportUnreachable(message.to))
  }
  #reportSnapshot(message: Message, from: NodeId, outcome: 'received' | 'failed'): void {
    this.#later(from, core => core.reportSnapshot(message.to, outcome))
  }
  #later(id: NodeId, report: (core: Raft) => void): void {
    const node = this.nodes.get(id)
    const driver = node?.driver
    if (driver === undefined) return
    this.schedule.after(this.faults.delayMs[1], () => node!.whenAwake(driver, () => driver.input(report)))
  }
}

function firstSnapshot({ voters, learners, leaseReads }: Scenario): Snapshot {
  const ids = Array.from({ length: voters + learners }, (_, i) => `n${i + 1}`)
  const membership = {
    voters: ids.slice(0, voters).sort(),
    outgoing: [],
    learners: ids.slice(voters).sort(),
    learnersNext: [],
    autoLeave: false,
    promoting: [],
    ...(leaseReads && { leaseReads }),
  }
  return { index: genesis.index, term: genesis.term, membership, membershipIndex: genesis.index, data: new DigestMachine().snapshot() }
}
