import type { NodeId, Position, Raft, Term } from 'raft-core'
import type { Clock, Timer } from './ports.ts'

/** Puts something into the core. */
type Input = (run: () => void) => void

/** Spreads the candidates, so that they do not split the vote. */
const spreadMs = 50
const maxTries = 3

type Parts = {
  readonly raft: Raft
  readonly clock: Clock
  readonly input: Input
  /** How often a leader says that it is there. */
  readonly tickMs: () => number
  /** Whether this node and those that it is connected to are a quorum. */
  readonly reachesQuorum: () => boolean
}

/**
 * Fast failover: a closed connection to the leader is news, a *refused* one after it says that its process is gone. Then this node
 * forgets the leader and asks for votes. Only nodes that lost the leader too will grant, so a leader that merely dropped one link stays.
 *
 * A node without a leader that meets a quorum, as after the start of all nodes, mostly hears of a leader within a tick, if there is one. If
 * it does not, it asks for votes, and nobody waits for an election timeout. Who knows a leader does not grant.
 */
export class Failover {
  readonly #parts: Parts
  #lost: NodeId | undefined
  #tries = 0
  /** In which the next try was planned. */
  #term: Term = 0
  #timer: Timer | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  peerChanged(id: NodeId, state: 'connected' | 'lost' | 'refused'): void {
    if (state === 'connected') this.#connected(id)
    else if (id !== this.#parts.raft.leader) return
    else if (state === 'lost') this.#lost = id
    else if (this.#lost === id) this.#begin()
  }

  /** Somebody asks for votes whose log ends there. If it cannot get this node's, then nobody has to wait until this node asks, too. */
  asked({ term, index }: Position): void {
    const { raft } = this.#parts
    if (this.#timer === undefined || raft.role !== 'follower' || raft.term !== this.#term) return
    const { last } = raft.status()
    if (last.term > term || (last.term === term && last.index > index)) this.#try()
  }

  leaderChanged(leader: NodeId | undefined): void {
    if (leader !== undefined) this.stop()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#tries = 0
    this.#lost = undefined
  }

  #connected(id: NodeId): void {
    if (this.#lost === id) this.#lost = undefined
    const { raft, reachesQuorum, tickMs } = this.#parts
    if (raft.leader !== undefined || this.#timer !== undefined || !reachesQuorum()) return
    this.#tries = 0
    this.#tryLater(tickMs())
  }

  #begin(): void {
    const { raft, input } = this.#parts
    input(() => raft.forgetLeader())
    this.#tries = 0
    this.#tryLater(0)
  }

  #tryLater(afterMs: number): void {
    this.#timer?.cancel()
    const { clock, raft } = this.#parts
    this.#term = raft.term
    this.#timer = clock.after(afterMs + clock.random() * spreadMs, () => this.#try())
  }

  /**
   * Somebody else may have been faster, or not have noticed yet: hence more than one try, and not many. Where a term has begun meanwhile,
   * its candidate is not disturbed: it may just be winning.
   */
  #try(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const { raft, input } = this.#parts
    if (raft.leader !== undefined || raft.role === 'leader') return
    this.#tries += 1
    const isFree = raft.term === this.#term && raft.role !== 'candidate'
    if (this.#tries < maxTries) this.#tryLater(spreadMs)
    if (isFree) input(() => raft.campaign())
  }
}
