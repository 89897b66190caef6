import type { NodeId } from 'raft-core'
import type { Members } from './members.ts'
import type { Clock, Hello, MemberInfo, Transport } from './ports.ts'

type Parts = {
  readonly clock: Clock
  readonly transport: Transport
  readonly members: Members
  readonly self: NodeId
  /** Where this node listens. */
  readonly address: string
  readonly introduced: readonly MemberInfo[]
  /** This node's log is being filled again: it may not know yet who the members are. */
  isRepairing(): boolean
}

/** The other members as this node meets them: where they are, who answers, who said that it is closing. */
export class Peers {
  readonly #parts: Parts
  readonly #heardAt = new Map<NodeId, number>()
  readonly #connected = new Set<NodeId>()
  readonly #closing = new Set<NodeId>()
  /** Who said in its handshake that its log is damaged. */
  readonly #damaged = new Set<NodeId>()
  #introduced: readonly MemberInfo[]

  constructor(parts: Parts) {
    this.#parts = parts
    this.#introduced = parts.introduced
  }

  /** A member says who the members are. */
  introduce(members: readonly MemberInfo[]): void {
    if (!this.#parts.isRepairing()) return
    this.#introduced = members
    this.update()
  }

  /** Tells the transport whom to connect to. */
  update(): void {
    const { address: own, transport } = this.#parts
    const addresses = new Map<NodeId, string>()
    // At our own address can only be an earlier life of this member, which the log will remove.
    for (const { id, address } of this.known()) if (address !== '' && address !== own) addresses.set(id, address)
    transport.setPeers(addresses)
  }

  /**
   * Everybody else. Until a node that was just let in finds itself in the log, it relies on what the answer to its join said, too; and a
   * node that has lost its log on what others say.
   */
  known(): readonly MemberInfo[] {
    const { members, self, isRepairing } = this.#parts
    const current = members.current()
    const isInformed = members.has(self) && !isRepairing()
    const early = isInformed ? [] : this.#introduced.filter(({ id }) => !members.has(id) && !members.wasRemoved(id))
    return [...current, ...early].filter(({ id }) => id !== self)
  }

  info(id: NodeId): MemberInfo | undefined {
    return this.#parts.members.info(id) ?? this.#introduced.find(info => info.id === id)
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

  admitted({ nodeId, repairing }: Hello): void {
    if (repairing) this.#damaged.add(nodeId)
    else this.#damaged.delete(nodeId)
  }

  /** As it said when it was last connected. */
  isDamaged(id: NodeId): boolean {
    return this.#damaged.has(id)
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
