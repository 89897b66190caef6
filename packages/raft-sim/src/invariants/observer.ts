import type { Entry, Index, Membership, MembershipEntry, Message, MessageOf, Ready, Snapshot, Status } from 'raft-core'
import { chain } from '../hash.ts'
import type { ChainBase, ChainLog } from '../world/chain-log.ts'
import type { Ghost, LeaderGhost, NodeGhost } from './ghost.ts'
import type { CoreView, Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'
import type { ObservedCore } from './leadership.ts'
import { leadership, leadershipOf } from './leadership.ts'
import { isConfirmed } from './lease.ts'

type Hook = Exclude<keyof Invariant, 'name' | 'section' | 'paper' | 'statement'>
type With<H extends Hook> = Invariant & Required<Pick<Invariant, H>>

/** Told of everything that happens: shows it to every invariant that cares, then writes it into the ghost. */
export class Observer {
  readonly ghost: Ghost
  readonly #hooks: { readonly [H in Hook]: readonly With<H>[] }

  constructor(ghost: Ghost, invariants: readonly Invariant[]) {
    this.ghost = ghost
    const having = <H extends Hook>(hook: H) => invariants.filter((invariant): invariant is With<H> => invariant[hook] !== undefined)
    this.#hooks = {
      steps: having('steps'),
      ticks: having('ticks'),
      campaigns: having('campaigns'),
      elected: having('elected'),
      takes: having('takes'),
      appends: having('appends'),
      proposes: having('proposes'),
      settles: having('settles'),
      commits: having('commits'),
      applies: having('applies'),
      installs: having('installs'),
      reconfigures: having('reconfigures'),
      sends: having('sends'),
      receives: having('receives'),
      compacts: having('compacts'),
      restarts: having('restarts'),
      releases: having('releases'),
      serves: having('serves'),
    }
  }

  // ── the core ──

  /** After every call into the core. */
  called(node: NodeGhost, core: ObservedCore): void {
    for (const invariant of this.#hooks.steps) invariant.steps(this.ghost, node, core)
    const { role, term, commit } = core
    const wasLeader = node.role === 'leader' && node.term === term
    if (node.role === 'leader' && (role !== 'leader' || term !== node.term)) this.#witness(node, core)
    if (role !== node.role || term !== node.term) this.#roleChanged(node, core)
    if (commit !== node.commit) this.#committed(node, commit, wasLeader || role === 'leader')
    node.role = role
    node.term = term
    node.commit = commit
    node.coreApplied = core.applied
    node.followed = core.leader
    if (node.membershipsInCall.length > 1) node.membershipsInCall = [node.membership]
  }

  /** What a leader appended after its last Ready, before it is one no more: its messages may still speak of it. */
  #witness(node: NodeGhost, core: ObservedCore): void {
    const leader = leadership(this.ghost, node, node.term)
    if (leader === undefined) return
    const { log } = leader
    for (const entry of core.entries(log.last + 1, core.status().last.index)) {
      if (entry.term !== leader.term || entry.index !== log.last + 1) return
      log.push(entry.term, chain(log.lastChain, entry))
      this.ghost.recordEntry(entry.index, entry.term, log.lastChain)
      if (entry.type === 'membership') leader.changes.push(entry.index)
    }
  }
  /** Just after a tick, before `called`. */
  ticked(node: NodeGhost, core: CoreView): void {
    node.ticks++
    node.ticksSinceLeader++
    for (const invariant of this.#hooks.ticks) invariant.ticks(this.ghost, node, core)
  }
  /** A leader that is asked to hand over begins to count anew. */
  transferAsked(node: NodeGhost): void {
    node.quorumExcusedAt = node.ticks
  }

  #roleChanged(node: NodeGhost, core: ObservedCore): void {
    const { ghost } = this
    if (core.role === 'candidate' || core.role === 'preCandidate') {
      const unapplied = core.entries(core.applied + 1, core.commit).filter(({ type }) => type === 'membership')
      for (const invariant of this.#hooks.campaigns) invariant.campaigns(ghost, node, core, unapplied)
    }
    if (core.role !== 'leader') return
    const leader = leadershipOf(core, node)
    for (const invariant of this.#hooks.elected) invariant.elected(ghost, node, leader)
    ghost.leaders.set(leader.term, leader)
    ghost.latestLedTerm = Math.max(ghost.latestLedTerm, leader.term)
    node.ledTerm = leader.term
    node.quorumExcusedAt = node.ticks
  }

  #committed(node: NodeGhost, to: Index, leads: boolean): void {
    const { committed, leaders } = this.ghost
    const leader = leads ? leaders.get(node.role === 'leader' ? node.term : node.ledTerm) : undefined
    for (const invariant of this.#hooks.commits) invariant.commits(this.ghost, node, to, leader)
    if (leader === undefined) return
    leader.committedInTerm = true
    for (let index = committed.last + 1; index <= to; index++) {
      committed.extend(leader.log.termAt(index)!, leader.log.chainAt(index)!, leader.term)
    }
  }

  restarted(node: NodeGhost, status: Status, base: ChainBase): void {
    for (const invariant of this.#hooks.restarts) invariant.restarts(this.ghost, node, status)
    const { term, vote, commit } = status
    node.role = status.role
    node.term = term
    node.followed = undefined
    node.commit = commit
    node.ballot = { term, vote, commit }
    node.coreApplied = status.applied
    node.applied = base.index
    node.appliedChain = base.chain
    node.installing = 0
    node.log = restoredLog(node, base)
    node.membership = status.membership
    node.membershipsInCall = [status.membership]
    node.recentMemberships = [status.membership]
    node.repairing = status.repairing
    node.ticksSinceLeader = 0
    node.ticks = node.quorumExcusedAt = 0
  }

  // ── what it asks for ──

  /** A Ready was taken. Returns the chain hash of each entry in it. `digest`: of the state in its snapshot. */
  took(node: NodeGhost, core: CoreView, ready: Ready, digest: number): number[] {
    const { ghost } = this
    for (const invariant of this.#hooks.takes) invariant.takes(ghost, node, ready)
    if (ready.repaired) node.repairing = false
    if (ready.snapshot !== undefined) this.#installs(node, ready.snapshot, digest)
    const leader = core.role === 'leader' ? leadership(ghost, node, core.term) : undefined
    const chains: number[] = []
    const first = ready.entries[0]
    if (first !== undefined) node.log.truncateFrom(first.index)
    for (const entry of ready.entries) chains.push(this.#appends(node, entry, leader, core.applied))
    if (ready.hardState !== undefined) node.ballot = ready.hardState
    for (const invariant of this.#hooks.settles) invariant.settles(ghost, node, core)
    return chains
  }
  /** All that the last Ready asked for was looked at: what was in effect before it no longer explains anything. */
  settled(node: NodeGhost): void {
    if (node.recentMemberships.length > 1) node.recentMemberships = [node.membership]
  }

  #appends(node: NodeGhost, entry: Entry, leader: LeaderGhost | undefined, applied: Index): number {
    const { ghost } = this
    const hash = chain(node.log.lastChain, entry)
    for (const invariant of this.#hooks.appends) invariant.appends(ghost, node, entry, hash, leader)
    ghost.recordEntry(entry.index, entry.term, hash)
    node.log.push(entry.term, hash)
    if (leader === undefined || entry.index <= leader.log.last) return hash
    if (entry.type === 'membership') this.#proposes(node, leader, entry, applied)
    leader.log.push(entry.term, hash)
    return hash
  }
  #proposes(node: NodeGhost, leader: LeaderGhost, entry: MembershipEntry, applied: Index): void {
    for (const invariant of this.#hooks.proposes) invariant.proposes(this.ghost, node, leader, entry, applied)
    leader.changes.push(entry.index)
  }

  #installs(node: NodeGhost, snapshot: Snapshot, digest: number): void {
    const { ghost } = this
    for (const invariant of this.#hooks.installs) invariant.installs(ghost, node, snapshot, digest)
    const { index, term, membership } = snapshot
    node.log.reset({ index, term, chain: ghost.committed.chainAt(index) ?? 0 })
    node.installing = index
    this.#inEffect(node, membership)
  }

  /** A message leaves for another node. */
  sent(node: NodeGhost, message: Message): void {
    const { ghost } = this
    for (const invariant of this.#hooks.sends) invariant.sends(ghost, node, message)
    const { type, term } = message
    if (type === 'appendEntries') this.#sentEntries(node, message)
    else if (type === 'voteReply' && message.granted) node.grants.set(term, message.to)
    else if (type === 'requestVote') node.grants.set(term, node.id)
    else if (type === 'heartbeat' && message.readToken > 0) {
      const tokenSentAt = ghost.leaders.get(term)?.tokenSentAt
      if (tokenSentAt?.has(message.readToken) === false) tokenSentAt.set(message.readToken, ghost.step)
    } else if (type === 'readIndexReply' && message.index !== undefined) this.readReleased(node, message.context, message.index, term)
  }

  /** A leader that stepped down before its next Ready shows what it appended last in its messages only. */
  #sentEntries(node: NodeGhost, { entries, term }: MessageOf<'appendEntries'>): void {
    const log = leadership(this.ghost, node, term)?.log
    const last = entries.at(-1)
    if (log === undefined || last === undefined || last.index <= log.last) return
    for (const entry of entries) {
      if (entry.index !== log.last + 1) continue
      log.push(entry.term, chain(log.lastChain, entry))
      this.ghost.recordEntry(entry.index, entry.term, log.lastChain)
    }
  }

  // ── what it hears ──

  /** Just before a message is stepped: an answer to a heartbeat confirms its leader at once, and one of a later term may cut its log. */
  arrives(node: NodeGhost, message: Message, core: ObservedCore): void {
    if (node.role === 'leader' && message.term > node.term) this.#witness(node, core)
    if (message.type !== 'heartbeatReply' || node.role !== 'leader' || message.term !== node.term) return
    const leader = this.ghost.leaders.get(message.term)
    const sentAt = leader?.tokenSentAt.get(message.readToken)
    if (sentAt === undefined || sentAt <= (leader?.confirmedSince.get(message.from) ?? -1)) return
    leader?.confirmedSince.set(message.from, sentAt)
  }
  /** Just after it was stepped, before `called`. */
  arrived(node: NodeGhost, message: Message, core: CoreView): void {
    for (const invariant of this.#hooks.receives) invariant.receives(this.ghost, node, message, core)
    if (message.type === 'transferLeader') this.transferAsked(node)
    else if (core.role === 'leader' && core.term === message.term) this.ghost.leaders.get(core.term)?.heardAt.set(message.from, node.ticks)
    if (core.leader === message.from && core.term === message.term && isSignOfLife(message)) node.ticksSinceLeader = 0
  }

  // ── the state machine ──

  /** `digest`: of the state after this entry. */
  applied(node: NodeGhost, entry: Entry, digest: number): void {
    const { ghost } = this
    const hash = chain(node.appliedChain, entry)
    for (const invariant of this.#hooks.applies) invariant.applies(ghost, node, entry, hash, digest)
    ghost.digests[entry.index] ??= digest
    node.applied = entry.index
    node.appliedChain = hash
  }
  restored(node: NodeGhost, index: Index): void {
    node.applied = index
    node.appliedChain = this.ghost.committed.chainAt(index) ?? 0
  }
  reconfigured(node: NodeGhost, index: Index, membership: Membership): void {
    const { configs } = this.ghost
    for (const invariant of this.#hooks.reconfigures) invariant.reconfigures(this.ghost, node, index, membership)
    if (configs.at(index) === undefined) configs.record(index, membership)
    this.#inEffect(node, membership)
  }
  compacted(node: NodeGhost, index: Index): void {
    for (const invariant of this.#hooks.compacts) invariant.compacts(this.ghost, node, index)
    node.log.compact(index)
  }

  #inEffect(node: NodeGhost, membership: Membership): void {
    node.membership = membership
    node.quorumExcusedAt = node.ticks
    node.membershipsInCall.push(membership)
    node.recentMemberships.push(membership)
  }

  // ── reads ──

  readAsked(node: NodeGhost, context: string, byLease = false): void {
    const { committed, reads, step, latestLedTerm } = this.ghost
    reads.set(context, { node: node.id, step, byLease, latestLedTerm, committed: committed.last, released: false })
  }
  /** Answered before a quorum can have been asked. */
  isByLease(node: NodeGhost, context: string): boolean {
    const read = this.ghost.reads.get(context)
    const leader = this.ghost.leaders.get(node.ledTerm)
    return read?.byLease === true && leader !== undefined && !isConfirmed(node, read, leader)
  }
  /** A leader has answered: in a message, or to its own application. Passing the answer on is not answering. */
  readReleased(node: NodeGhost, context: string, index: Index, term = node.ledTerm): void {
    const read = this.ghost.reads.get(context)
    if (read === undefined) throw new Violation('read-index', node.id, `${node.id} answers a read that nobody asked: ${context}`)
    if (read.released) return
    const leader = this.ghost.leaders.get(term)
    for (const invariant of this.#hooks.releases) invariant.releases(this.ghost, node, read, index, leader)
    read.released = true
  }
  readServed(node: NodeGhost, context: string): void {
    const read = this.ghost.reads.get(context)!
    for (const invariant of this.#hooks.serves) invariant.serves(this.ghost, node, read)
  }
}

function isSignOfLife({ type }: Message): boolean {
  return type === 'appendEntries' || type === 'heartbeat' || type === 'installSnapshot'
}

function restoredLog({ disk }: NodeGhost, base: ChainBase): ChainLog {
  const log = disk.log.copy()
  if (log.chainAt(base.index) === undefined) log.reset(base)
  else log.compact(base.index)
  return log
}
