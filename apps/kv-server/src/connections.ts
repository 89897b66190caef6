import type { NodeEvent } from 'raft-node'
import type { Connections } from './quorum-view.ts'

/** Remembers which peers this node is connected to: the only thing a node without a leader can say about the others. */
export class PeerConnections implements Connections {
  readonly #connected = new Set<string>()

  has(id: string): boolean {
    return this.#connected.has(id)
  }

  /** Whether the event changed anything: a peer that stays away is news once. */
  observe(event: Extract<NodeEvent, { type: 'peer' }>): boolean {
    const before = this.#connected.has(event.id)
    if (event.state === 'connected') this.#connected.add(event.id)
    else this.#connected.delete(event.id)
    return before !== this.#connected.has(event.id)
  }
}
