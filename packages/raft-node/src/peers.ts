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
  /** Whom the transport is told to connect to, those included who have just left. */
  #told: ReadonlyMap<NodeId, string> = new Map()
  readonly #leaving = new Set<NodeId>()
  #leaveInTicks = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * Tells the transport whom to connect to. Who has left stays connected for a whole tick, for the answer to what it has asked itself; nothing
   * else is said to it.
   */
  update(): void {
    const addresses = this.#addresses()
    const taken = new Set(addresses.values())
    this.#leaving.clear()
    for (const [id, address] of this.#told) if (!addresses.has(id) && !taken.has(address)) this.#leaving.add(id)
    this.#leaveInTicks = 2 // the first may come at once
    for (const id of this.#leaving) addresses.set(id, this.#told.get(id)!)
    this.#tell(addresses)
  }

  tick(): void {
    if (this.#leaving.size === 0 || --this.#leaveInTicks > 0) return
    this.#leaving.clear()
    this.#tell(this.#addresses())
  }

  /** It is no member any more, and its connection is about to be closed. */
  isLeaving(id: NodeId): boolean {
    return this.#leaving.size > 0 && this.#leaving.has(id)
  }

  #tell(addresses: ReadonlyMap<NodeId, string>): void {
    this.#told = addresses
    this.#parts.transport.setPeers(addresses)
  }

  #addresses(): Map<NodeId, string> {
    const { address: own } = this.#parts
    const addresses = new Map<NodeId, string>()
    // At our own address can only be an earlier life of this member, which the log will remove.
    for (const { id, address } of this.known()) if (address !== '' && address !== own) addresses.set(id, address)
    return addresses
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
