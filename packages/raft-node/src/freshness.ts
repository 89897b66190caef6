import { committedIndex, type Index, type Message, type NodeId, type Position, type Raft } from 'raft-core'
import { RaftError } from './errors.ts'
import type { Members } from './members.ts'
import type { Clock, FreshnessNote, Knowledge, PeerMessage } from './ports.ts'

type Parts = {
  readonly raft: Raft
  readonly clock: Clock
  readonly members: Members
  readonly self: NodeId
  /** By how much two clocks may run apart, as a share of 1. */
  readonly clockDrift: number
  /** What the state machine holds. */
  readonly applied: () => Position
  /** 32 hex digits that were drawn when this node started. */
  readonly start: string
}

/** All that was committed anywhere at `at`, by this node's clock, has an index up to `commit`. */
type Known = { readonly commit: Index; readonly at: number }

/**
 * How old this node's data is at most. That it has just heard from its leader says little: it may be far behind, or the leader may be
 * cut off and another one committing. So the age runs from a moment at which its data held everything that was committed anywhere.
 *
 * A leader knows of such moments: when it sent the newest heartbeats that a majority has answered in its term, nobody else could have
 * committed anything, so its commit index of now covers that moment. It tells its followers in their own time, since no two clocks show
 * the same: each answer to a heartbeat shows the follower's clock, and the next heartbeat brings that back, less the time since the
 * moment that the leader knows of. Whatever messages take on the way makes data look older than they are, never younger.
 */
export class Freshness {
  readonly #parts: Parts
  readonly #life: number
  /** As a leader: what the clock of each member showed in its newest answer, and when that came. */
  readonly #clocks = new Map<NodeId, { readonly life: number; readonly at: number; readonly receivedAt: number }>()
  /** As a leader: when the newest heartbeat was sent that each member has answered in this term. */
  #answered = { term: 0, at: new Map<NodeId, number>() }
  /** As a follower: what the leader's clock showed in its newest heartbeat. */
  #leader = { id: '', term: 0, at: 0 }
  /** Since when this node lacks nothing that was committed before. */
  #current: number | undefined
  /** This will be known once its index is applied; and what was heard last since. */
  #waiting: Known | undefined
  #newest: Known | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    // 48 bits of it are enough to tell one start from another, and a number that every codec can carry.
    this.#life = Number.parseInt(parts.start.slice(0, 12), 16)
  }

  /** Milliseconds; undefined until a leader has told. */
  get ageMs(): number | undefined {
    this.#learnAsLeader()
    this.#settle()
    return this.#current === undefined ? undefined : Math.max(0, this.#parts.clock.now() - this.#current)
  }

  /** @throws RaftError TOO_STALE where the data may be older than that. */
  require(maxAgeMs: number | undefined): void {
    const { ageMs } = this
    if (maxAgeMs === undefined || (ageMs !== undefined && ageMs <= maxAgeMs)) return
    const why = ageMs === undefined ? 'this node does not know how old its data is' : `this node's data may be ${Math.ceil(ageMs)} ms old`
    throw new RaftError('TOO_STALE', `${why}, more than ${maxAgeMs}: ask another node, or read linearizably`)
  }

  /** What leaves this node. Only heartbeats and their answers, which come all the time, carry more than the core says. */
  sign(message: Message): PeerMessage {
    if (message.type !== 'heartbeat' && message.type !== 'heartbeatReply') return message
    // One of an earlier term waited for the disk: what this node has heard since does not speak for it.
    if (message.term !== this.#parts.raft.term) return message
    const [life, at] = [this.#life, this.#now()]
    if (message.type === 'heartbeat') return signed(message, { life, at, knows: this.#knowledgeFor(message.to) })
    const { id, term, at: sent } = this.#leader
    return signed(message, { life, at, heard: id === message.to && term === message.term ? sent : undefined })
  }

  /** What arrives, before the core has it. */
  receive(message: PeerMessage): void {
    const { raft } = this.#parts
    const { freshness, from, term } = message
    if (freshness === undefined || term < raft.term) return
    if (message.type === 'heartbeat') {
      const isNewer = term > this.#leader.term || freshness.at > this.#leader.at
      if (isNewer) this.#leader = { id: from, term, at: freshness.at }
      if (freshness.knows?.life === this.#life) this.#learn(freshness.knows)
    } else if (message.type === 'heartbeatReply' && raft.role === 'leader' && term === raft.term) {
      this.#clocks.set(from, { life: freshness.life, at: freshness.at, receivedAt: this.#parts.clock.now() })
      // Who repairs its log may have forgotten a vote, and counts for nothing.
      if (freshness.heard !== undefined && message.repairing !== true) this.#answers(from, freshness.heard)
      this.#learnAsLeader()
    }
  }

  #answers(from: NodeId, sentAt: number): void {
    const { at } = this.#inThisTerm()
    at.set(from, Math.max(sentAt, at.get(from) ?? 0))
  }
  #inThisTerm(): { readonly at: Map<NodeId, number> } {
    const { term } = this.#parts.raft
    if (this.#answered.term !== term) this.#answered = { term, at: new Map() }
    return this.#answered
  }

  /** A moment at which nobody else can have led; and what was committed until then is known once an entry of the own term is (§5.4.2). */
  #ledAt(): number | undefined {
    const { raft, members, self, applied } = this.#parts
    if (raft.role !== 'leader' || applied().term !== raft.term) return undefined
    const { at } = this.#inThisTerm()
    const moment = committedIndex(members.membership, id => (id === self ? Number.POSITIVE_INFINITY : at.get(id)))
    return moment === 0 ? undefined : Math.min(moment, this.#now())
  }

  #knowledgeFor(follower: NodeId): Knowledge | undefined {
    const { raft, clockDrift } = this.#parts
    const [clock, ledAt] = [this.#clocks.get(follower), this.#ledAt()]
    if (clock === undefined || ledAt === undefined) return undefined
    // Its clock showed `at` before its answer came. By so much the moment lies before that; by its own clock it may be more.
    const before = Math.max(0, clock.receivedAt - ledAt) / (1 - clockDrift)
    const at = Math.floor(clock.at - before)
    return at < 0 ? undefined : { life: clock.life, at, commit: raft.commit }
  }

  #learnAsLeader(): void {
    const at = this.#ledAt()
    if (at !== undefined) this.#learn({ at, commit: this.#parts.raft.commit })
  }

  /**
   * Two are remembered, so that a node far behind needs no more memory: one until its index is applied, and meanwhile the newest. What
   * is left out makes the data look older than it is.
   */
  #learn(known: Known): void {
    this.#settle()
    if (known.commit <= this.#parts.applied().index) this.#current = Math.max(known.at, this.#current ?? 0)
    else if (this.#waiting === undefined || (this.#waiting.commit === known.commit && this.#waiting.at < known.at)) this.#waiting = known
    else if (known.at > (this.#newest?.at ?? 0)) this.#newest = known
  }

  #settle(): void {
    const { index } = this.#parts.applied()
    while (this.#waiting !== undefined && this.#waiting.commit <= index) {
      this.#current = Math.max(this.#waiting.at, this.#current ?? 0)
      this.#waiting = this.#newest
      this.#newest = undefined
    }
  }

  /** Rounded down: an earlier moment is a safe one. */
  #now(): number {
    return Math.floor(this.#parts.clock.now())
  }
}

/** Assigned, not spread: reads come by the thousand, and V8 makes a new shape for each object that is spread from several kinds. */
function signed(message: Message, freshness: FreshnessNote): PeerMessage {
  return Object.assign({}, message, { freshness })
}
