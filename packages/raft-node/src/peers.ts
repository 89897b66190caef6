import type { NodeId } from 'raft-core'
import type { Members } from './members.ts'
import type { Clock, MemberInfo, Transport } from './ports.ts'

type Parts = {
  readonly clock: Clock
  readonly transport: Transport
  readonly members: Members
  readonly self: NodeId
  /** Where this node listens. */
  readonly address: string
  readonly introduced: readonly MemberInfo[]
}

/** The other members as this node meets them: where they are, who answers, who said that it is closing. */
export class Peers {
  readonly #parts: Parts
  readonly #heardAt = new Map<NodeId, number>()
  readonly #connected = new Set<NodeId>()
  readonly #closing = new Set<NodeId>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Tells the transport whom to connect to. */
  update(): void {
    const { address: own, transport } = this.#parts
    const addresses = new Map<NodeId, string>()
    // At our own address can only be an earlier life of this member, which the log will remove.
    for (const { id, address } of this.known()) if (address !== '' && address !== own) addresses.set(id, address)
    transport.setPeers(addresses)
  }

  /** Everybody else. Until a node that was just let in finds itself in the log, it relies on what the answer to its join said, too. */
  known(): readonly MemberInfo[] {
    const { members, introduced, self } = this.#parts
    const current = members.current()
    const early = members.has(self) ? [] : introduced.filter(({ id }) => !members.has(id) && !members.wasRemoved(id))
    return [...current, ...early].filter(({ id }) => id !== self)
  }

  info(id: NodeId): MemberInfo | undefined {
    return this.#parts.members.info(id) ?? this.#parts.introduced.find(info => info.id === id)
  }

  heardFrom(id: NodeId): void {
    this.#heardAt.set(id, this.#parts.clock.now())
  }

  lastContactMs(id: NodeId): number | undefined {
    const at = this.#heardAt.get(id)
    return at === undefined ? undefined : this.#parts.clock.now() - at
  }

  changed(id: NodeId, state: 'connected' | 'lost' | 'refused'): void {
    if (state === 'connected') {
      this.#connected.add(id)
      this.#closing.delete(id)
    } else this.#connected.delete(id)
  }

  isConnected(id: NodeId): boolean {
    return this.#connected.has(id)
  }

  /** It said so itself; a new connection to it takes that back. */
  isClosing(id: NodeId): boolean {
    return this.#closing.has(id)
  }

  closing(id: NodeId): void {
    this.#closing.add(id)
  }
}
