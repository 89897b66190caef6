import type { Raft } from '../../src/api.ts'
import type { RaftOptions } from '../../src/config.ts'
import type { NodeId } from '../../src/log/entry.ts'
import { noMembers } from '../../src/membership/membership.ts'
import type { Message } from '../../src/messages.ts'
import { formatMessage } from './format.ts'
import { Node } from './node.ts'

export type Filter = (message: Message) => boolean
type Options = Omit<RaftOptions, 'id' | 'random' | 'restored' | 'trace'>

/** Some nodes, and the network between them: nothing arrives before the script says so. */
export class Cluster {
  readonly nodes = new Map<NodeId, Node>()
  /** Messages in flight, in order of sending, and those that the script holds back. */
  wire: Message[] = []
  delayed: Message[] = []
  /** Nodes that are cut off: they reach each other, and nobody else. */
  isolated: ReadonlySet<NodeId> = new Set()
  /** The cells of the behaviour table that were reached: `follower × heartbeat`. */
  readonly cells = new Set<string>()
  readonly print: (line: string) => void
  #options: Options = {}

  constructor(print: (line: string) => void) {
    this.print = print
  }

  /** Voters n1, n2 …, and learners numbered on, all of which know the membership from the start. */
  found(voters: number, learners: number, options: Options): void {
    this.#options = options
    const ids = Array.from({ length: voters + learners }, (_, at) => `n${at + 1}`)
    const membership = { ...noMembers, voters: ids.slice(0, voters), learners: ids.slice(voters) }
    // Index 1 is the founding itself: who joins later finds it compacted, and so gets this snapshot, with the membership in it.
    const snapshot = { index: 1, term: 1, membership, data: new Uint8Array() }
    const hardState = { term: 1, vote: undefined, commit: 1 }
    for (const id of ids) this.#add(id, { snapshot, hardState })
  }

  /** A node that knows nobody yet. */
  start(id: NodeId): void {
    this.#add(id, undefined)
  }

  #add(id: NodeId, restored: RaftOptions['restored']): void {
    // No two nodes draw the same timeout: n1 the shortest, each next one a tenth longer.
    const random = () => (Number(id.slice(1)) - 1) / 10
    const send = (message: Message) => void this.wire.push(message)
    this.nodes.set(id, new Node({ ...this.#options, id, random, restored }, { print: this.print, send }))
  }

  node(id: NodeId | undefined): Node {
    const node = this.nodes.get(id ?? '')
    if (node === undefined) throw new Error(`there is no node ${id ?? ''}`)
    return node
  }

  /** Delivers what is in flight now and passes the filter. What the receivers send is not among it. */
  deliver(filter: Filter): void {
    for (const message of this.take(filter)) {
      if (this.isolated.has(message.from) !== this.isolated.has(message.to)) continue
      const node = this.nodes.get(message.to)
      if (node?.raft === undefined) continue
      const cell = cellOf(node.raft, message)
      node.ignored = false
      const result = node.raft.step(message)
      if (cell && !node.ignored) this.cells.add(cell)
      if (!result.accepted) this.print(`${node.id} turns ${message.type} from ${message.from} away: ${result.reason}`)
      node.work()
    }
  }

  stabilize(): void {
    for (let round = 0; this.wire.length > 0; round++) {
      if (round === 1000) throw new Error('not stable after 1000 rounds')
      this.deliver(() => true)
    }
  }

  lose(filter: Filter): void {
    for (const message of this.take(filter)) this.print(`lost: ${formatMessage(message)}`)
  }

  take(filter: Filter): Message[] {
    const taken = this.wire.filter(filter)
    this.wire = this.wire.filter(message => !filter(message))
    return taken
  }
}

/** The rule that this message will meet behind the term gate; undefined when it does not get there. */
function cellOf(raft: Raft, message: Message): string | undefined {
  const termless = message.type === 'propose' || message.type === 'readIndex'
  if (message.term < raft.term && !termless) return undefined
  const speaksOfLater = message.type === 'preVote' || (message.type === 'preVoteReply' && message.granted)
  const role = message.term > raft.term && !speaksOfLater ? 'follower' : raft.role
  return `${role} × ${message.type}`
}
