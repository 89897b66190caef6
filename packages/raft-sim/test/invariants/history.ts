import type { Entry, HardState, Membership, MembershipEntry, Message, NodeId, Ready, RoleName, Snapshot, Status } from 'raft-core'
import { noMembers } from 'raft-core'
import type { DurableImage } from '../../src/invariants/ghost.ts'
import { Ghost, NodeGhost } from '../../src/invariants/ghost.ts'
import type { Invariant } from '../../src/invariants/invariant.ts'
import type { ObservedCore } from '../../src/invariants/leadership.ts'
import { Observer } from '../../src/invariants/observer.ts'
import { ChainLog } from '../../src/world/chain-log.ts'

const genesis = { index: 1, term: 1, chain: 1 }

export const membershipOf = (voters: readonly NodeId[], rest: Partial<Membership> = {}): Membership => ({ ...noMembers, voters, ...rest })

export const command = (index: number, term: number, byte = index): Entry => ({
  index,
  term,
  type: 'command',
  data: new Uint8Array([byte]),
})
export const change = (index: number, term: number): MembershipEntry => ({
  index,
  term,
  type: 'membership',
  change: { transition: 'auto', changes: [{ type: 'learner', id: 'n9' }], context: undefined },
})

type Disk = { -readonly [K in keyof DurableImage]: DurableImage[K] } & { votes: Map<number, NodeId> }
type Told = { role?: RoleName; term?: number; leader?: NodeId; commit?: number; applied?: number }

/** A made-up history of a cluster without a core, told to one invariant: every method is something that happened on a node. */
export class History {
  readonly observer: Observer
  readonly ghost: Ghost
  readonly #disks = new Map<NodeId, Disk>()
  readonly #logs = new Map<NodeId, Entry[]>()

  constructor(invariant: Invariant, membership: Membership, extra: readonly NodeId[] = []) {
    this.ghost = new Ghost(genesis, membership)
    this.observer = new Observer(this.ghost, [invariant])
    for (const id of [...membership.voters, ...membership.learners, ...extra]) this.#add(id, membership)
  }

  #add(id: NodeId, membership: Membership): void {
    const log = new ChainLog(genesis)
    const disk: Disk = { term: 1, vote: undefined, commit: 1, log, snapshotIndex: 1, votes: new Map() }
    this.#disks.set(id, disk)
    this.#logs.set(id, [])
    const node = new NodeGhost(id, disk, { checkQuorum: true, electionTicks: 10 })
    this.ghost.nodes.set(id, node)
    this.observer.restarted(node, this.status(id, { membership }), genesis)
  }

  disk(id: NodeId): Disk {
    return this.#disks.get(id)!
  }
  node(id: NodeId): NodeGhost {
    return this.ghost.node(id)
  }
  status(id: NodeId, over: Partial<Status> = {}): Status {
    const log = this.#logs.get(id)!
    const last = log.at(-1) ?? genesis
    const { term, vote, commit } = this.disk(id)
    const state = { id, role: 'follower' as const, leader: undefined, term, vote, commit, applied: 1, saved: last.index, first: 2 }
    return { ...state, last, repairing: false, membership: noMembers, membershipIndex: 1, transferTarget: undefined, progress: [], ...over }
  }

  #core(id: NodeId, told: Told = {}): ObservedCore {
    const node = this.node(id)
    const { role, term, commit, coreApplied } = node
    const log = this.#logs.get(id)!
    return {
      id,
      leader: undefined,
      ...{ role, term, commit, applied: coreApplied, ...told },
      entries: (first, last) => log.filter(entry => entry.index >= first && entry.index <= last),
      status: () => this.status(id),
    }
  }

  /** A call into the core has led to this. */
  becomes(id: NodeId, told: Told): this {
    this.observer.called(this.node(id), this.#core(id, told))
    return this
  }
  /** Everybody who has a vote left in this term gives it, unless it is said who does. */
  leads(id: NodeId, term: number, voters: Iterable<NodeId> = this.ghost.nodes.keys()): this {
    for (const voter of voters) {
      const { grants } = this.node(voter)
      if (!grants.has(term)) grants.set(term, id)
      if (voter === id) this.disk(id).votes.set(term, id)
    }
    return this.becomes(id, { role: 'leader', term, leader: id })
  }
  /** Entries come into its log, with a Ready. */
  appends(id: NodeId, ...entries: Entry[]): this {
    const log = this.#logs.get(id)!
    const first = entries[0]!.index
    log.splice(log.findIndex(entry => entry.index >= first) >>> 0, log.length)
    log.push(...entries)
    return this.takes(id, { entries })
  }
  takes(
    id: NodeId,
    ready: { entries?: readonly Entry[]; hardState?: HardState; snapshot?: Snapshot; repaired?: boolean },
    digest = 0,
  ): this {
    const { term, commit, ballot } = this.node(id)
    const vote = ballot.term === term ? ballot.vote : undefined
    this.observer.took(this.node(id), this.#core(id), readyWith({ hardState: { term, vote, commit }, ...ready }), digest)
    return this
  }
  /** It is up again, from its disk. */
  restarts(id: NodeId, over: Partial<Status> = {}): this {
    const { log } = this.disk(id)
    const base = { index: log.base, term: log.termAt(log.base) ?? 0, chain: log.chainAt(log.base) ?? 0 }
    this.observer.restarted(this.node(id), this.status(id, over), base)
    return this
  }
  /** All of its log is on disk. */
  saves(...ids: NodeId[]): this {
    for (const id of ids) this.disk(id).log = this.node(id).log.copy()
    return this
  }
  savesBallot(id: NodeId, term: number, vote?: NodeId): this {
    const disk = this.disk(id)
    disk.term = term
    disk.vote = vote
    if (vote !== undefined) disk.votes.set(term, vote)
    return this
  }
  sends(message: Message, from = message.from): this {
    this.observer.sent(this.node(from), message)
    return this
  }
  hears(message: Message, told: Told = {}): this {
    const node = this.node(message.to)
    this.observer.arrives(node, message, this.#core(message.to, told))
    this.observer.arrived(node, message, this.#core(message.to, told))
    return this.becomes(message.to, told)
  }
  ticks(id: NodeId, count: number): this {
    for (let i = 0; i < count; i++) this.observer.ticked(this.node(id), this.#core(id))
    return this
  }
  applies(id: NodeId, entry: Entry, digest = entry.index): this {
    this.observer.applied(this.node(id), entry, digest)
    return this
  }
  reconfigures(id: NodeId, index: number, membership: Membership): this {
    this.observer.reconfigured(this.node(id), index, membership)
    return this
  }

  /** A leader of this term whose entries to here are on all disks and committed. */
  committed(id: NodeId, term: number, last: number): this {
    this.leads(id, term)
    const first = this.node(id).log.last + 1
    const entries = Array.from({ length: last - first + 1 }, (_, i) => command(first + i, term))
    for (const node of this.ghost.nodes.keys())
      this.appends(node, ...entries)
        .saves(node)
        .savesBallot(node, term)
    return this.becomes(id, { commit: last })
  }
}

type Asked = { entries?: readonly Entry[]; hardState?: HardState; snapshot?: Snapshot; repaired?: boolean }

function readyWith({ entries, hardState, snapshot, repaired = false }: Asked): Ready {
  const receipt = { number: 1, promises: [], term: 0, last: undefined, snapshotIndex: 0, ballot: false, repaired: false }
  const nothing = { softState: undefined, repaired, send: [], mustSync: true, sendAfterSave: [], apply: [], reads: [], receipt }
  return { ...nothing, hardState, entries: entries ?? [], snapshot }
}
