import type { Membership, Message, NodeId, Raft, Ready } from 'raft-core'
import { createRaft } from 'raft-core'

const ids: readonly NodeId[] = ['n1', 'n2', 'n3']
const membership: Membership = { voters: ids, outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] }
/** A cluster's first members start from a snapshot that holds nothing but them. */
const start = { term: 1, index: 1, membership, data: new Uint8Array() }

/** What stays in memory when a log is compacted. */
const kept = 10_000

type Node = { readonly raft: Raft; commands: number }

/**
 * Three cores in one thread. Their disk is memory, so a save ends as it starts; the network hands messages over at once; and each
 * node's state machine counts its commands.
 */
export class Cluster {
  readonly nodes: readonly Node[] = ids.map(id => ({
    raft: createRaft({ id, random: () => 0.5, restored: { snapshot: start } }),
    commands: 0,
  }))
  readonly #byId = new Map(this.nodes.map(node => [node.raft.id, node]))
  readonly leader: Raft
  messages = 0
  /** Of a load, so far. */
  rounds = 0

  constructor() {
    this.leader = this.nodes[0]!.raft
    this.leader.campaign()
    this.drain()
    if (this.leader.role !== 'leader') throw new Error('no leader')
  }

  /** Commands that the leader has committed and applied. */
  get committed(): number {
    return this.nodes[0]!.commands
  }

  propose(command: Uint8Array): void {
    if (this.leader.propose(command).accepted !== true) throw new Error('a proposal was refused')
  }
  proposeAll(commands: readonly Uint8Array[]): void {
    if (this.leader.proposeAll(commands).accepted !== true) throw new Error('proposals were refused')
  }

  /** Until nobody has anything left to do: everything proposed is then committed, and applied by all three. */
  drain(): void {
    let worked = true
    while (worked) {
      worked = false
      for (const node of this.nodes)
        while (node.raft.hasReady()) {
          worked = true
          this.#perform(node, node.raft.ready())
        }
    }
  }

  #perform(node: Node, ready: Ready): void {
    for (const message of ready.send) this.#deliver(message)
    for (const message of ready.sendAfterSave) this.#deliver(message)
    for (const entry of ready.apply) if (entry.type === 'command') node.commands++
    node.raft.advance(ready)
  }

  #deliver(message: Message): void {
    this.messages++
    this.#byId.get(message.to)!.raft.step(message)
  }

  /** Behind the slowest; after `drain` all are equally far. */
  compact(): void {
    const applied = Math.min(...this.nodes.map(({ raft }) => raft.applied))
    if (applied <= 2 * kept) return
    for (const { raft } of this.nodes) {
      raft.snapshotTaken({ term: raft.term, index: applied, membership, data: start.data })
      raft.compact(applied - kept)
    }
  }
}
