import type { HardState, Index, Membership, NodeId, RoleName, Term } from 'raft-core'
import { noMembers } from 'raft-core'
import type { ChainBase } from '../world/chain-log.ts'
import { ChainLog } from '../world/chain-log.ts'
import { CommittedLog } from './committed-log.ts'
import { ConfigHistory } from './config-history.ts'

/** `dur(i)`: what a node would find after a power cut right now. */
export interface DurableImage {
  readonly term: Term
  readonly vote: NodeId | undefined
  readonly commit: Index
  readonly log: ChainLog
  /** Of a disk that was damaged: what it held before. */
  readonly promised?: ChainLog | undefined
  /** The same, until a repair of it begins. */
  readonly mustShow?: ChainLog | undefined
  readonly snapshotIndex: Index
  /** Every vote that was ever durable, by term. */
  readonly votes: ReadonlyMap<Term, NodeId>
  /** A term in which it has held one vote and then another: never both were cast. */
  readonly twoVotesIn?: Term | undefined
}

/** What was last seen of one node. Survives its crashes, except where `restarted` says otherwise. */
export class NodeGhost {
  readonly id: NodeId
  readonly disk: DurableImage
  readonly checkQuorum: boolean
  readonly electionTicks: number
  role: RoleName = 'follower'
  term: Term = 0
  commit: Index = 0
  /** The leader it believed in. */
  followed: NodeId | undefined
  /** The hard state of its last Ready. */
  ballot: HardState = { term: 0, vote: undefined, commit: 0 }
  /** What the core counts as applied, and where the state machine is, with the chain hash there. */
  coreApplied: Index = 0
  applied: Index = 0
  appliedChain = 0
  /** Index of a snapshot from the leader that may not be applied yet. */
  installing: Index = 0
  /** The log in the core's memory as of its last Ready. */
  log: ChainLog
  membership: Membership = noMembers
  /** Memberships that were in effect at some time of the call into the core that is being checked, and since the last Ready. */
  membershipsInCall: Membership[] = []
  recentMemberships: Membership[] = []
  /** It has lost what it had acknowledged, and a leader is filling its log again. */
  repairing = false
  /** The last term that it led. */
  ledTerm: Term = 0
  /** The candidate of every grant that left this node, itself included, by term. */
  readonly grants = new Map<Term, NodeId>()
  /** Ticks since it started; and when a new leadership, membership or transfer last gave it time to hear from a quorum again. */
  ticks = 0
  quorumExcusedAt = 0
  /** Ticks since its leader was last heard of. */
  ticksSinceLeader = 0

  constructor(id: NodeId, disk: DurableImage, options: { readonly checkQuorum: boolean; readonly electionTicks: number }) {
    this.id = id
    this.disk = disk
    this.checkQuorum = options.checkQuorum
    this.electionTicks = options.electionTicks
    this.log = new ChainLog({ index: 0, term: 0, chain: 0 })
  }
}

/** One leadership, kept for ever: what a term's leader had at its election, and what it appended. */
export class LeaderGhost {
  readonly id: NodeId
  readonly term: Term
  readonly log: ChainLog
  readonly lastAtElection: Index
  /** Where its log holds membership changes. */
  readonly changes: Index[]
  /** When a heartbeat with this read token first left, in steps. */
  readonly tokenSentAt = new Map<number, number>()
  /** By voter: the latest start of a heartbeat round that it has answered. */
  readonly confirmedSince = new Map<NodeId, number>()
  /** By member: when it last answered, in ticks of this leader. */
  readonly heardAt = new Map<NodeId, number>()
  committedInTerm = false

  constructor(id: NodeId, term: Term, log: ChainLog, changes: Index[]) {
    this.id = id
    this.term = term
    this.log = log
    this.lastAtElection = log.last
    this.changes = changes
  }
}

/** A linearizable read, from the moment it was asked for. */
export type ReadGhost = {
  readonly node: NodeId
  readonly step: number
  /** It may be answered by lease; and the latest term that had a leader by then. */
  readonly byLease: boolean
  readonly latestLedTerm: Term
  /** The greatest index committed anywhere when it was asked. */
  readonly committed: Index
  /** A leader has answered it. */
  released: boolean
}

/** What a god who forgets nothing knows of the cluster (§3 of reliability.md). Never reset. */
export class Ghost {
  /** Counts the events of the world. */
  step = 0
  readonly nodes = new Map<NodeId, NodeGhost>()
  readonly leaders = new Map<Term, LeaderGhost>()
  latestLedTerm: Term = 0
  readonly committed: CommittedLog
  readonly configs: ConfigHistory
  readonly reads = new Map<string, ReadGhost>()
  /** State machine digest by index, as first seen. */
  readonly digests: (number | undefined)[] = []
  /** `H[(k, term)]`: by index, the terms seen there and the chain hash of each. */
  readonly #terms: (Term[] | undefined)[] = []
  readonly #chains: (number[] | undefined)[] = []

  constructor(base: ChainBase, membership: Membership) {
    this.committed = new CommittedLog(base)
    this.configs = new ConfigHistory(base.index, membership)
    this.digests[base.index] = 0
    this.recordEntry(base.index, base.term, base.chain)
  }

  node(id: NodeId): NodeGhost {
    const node = this.nodes.get(id)
    if (node === undefined) throw new Error(`no ghost of ${id}`)
    return node
  }

  chainOf(index: Index, term: Term): number | undefined {
    const place = this.#terms[index]?.indexOf(term) ?? -1
    return place === -1 ? undefined : this.#chains[index]![place]
  }
  recordEntry(index: Index, term: Term, chain: number): void {
    const terms = this.#terms[index]
    if (terms === undefined) {
      this.#terms[index] = [term]
      this.#chains[index] = [chain]
    } else if (!terms.includes(term)) {
      terms.push(term)
      this.#chains[index]!.push(chain)
    }
  }
}
