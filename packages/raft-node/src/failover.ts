import type { NodeId, Raft } from 'raft-core'
import type { Clock, Timer } from './ports.ts'

/** Puts something into the core. */
type Input = (run: () => void) => void

/** Spreads the candidates, so that they do not split the vote. */
const spreadMs = 50
const maxTries = 3

/**
 * Fast failover: a closed connection to the leader is news, a *refused* one after it says that its process is gone. Then this node
 * forgets the leader and asks for votes. Only nodes that lost the leader too will grant, so a leader that merely dropped one link stays.
 */
export class Failover {
  readonly #raft: Raft
  readonly #clock: Clock
  readonly #input: Input
  #lost: NodeId | undefined
  #tries = 0
  #timer: Timer | undefined

  constructor(raft: Raft, clock: Clock, input: Input) {
    this.#raft = raft
    this.#clock = clock
    this.#input = input
  }

  peerChanged(id: NodeId, state: 'connected' | 'lost' | 'refused'): void {
    if (state === 'connected') this.#lost = this.#lost === id ? undefined : this.#lost
    else if (id !== this.#raft.leader) return
    else if (state === 'lost') this.#lost = id
    else if (this.#lost === id) this.#begin()
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

  #begin(): void {
    this.#input(() => this.#raft.forgetLeader())
    this.#tries = 0
    this.#tryLater(0)
  }

  #tryLater(afterMs: number): void {
    this.#timer?.cancel()
    this.#timer = this.#clock.after(afterMs + this.#clock.random() * spreadMs, () => this.#try())
  }

  /** Somebody else may have been faster, or not have noticed yet: hence more than one try, and not many. */
  #try(): void {
    if (this.#raft.leader !== undefined || this.#raft.role === 'candidate' || this.#raft.role === 'leader') return
    this.#tries += 1
    this.#input(() => this.#raft.campaign())
    if (this.#tries < maxTries) this.#tryLater(spreadMs)
  }
}
