import type { Entry, Index, Membership, Message, MessageOf, NodeId } from 'raft-core'
import type { Clock, Timer } from './ports.ts'

/** Milliseconds that entries wait at most, and their sender trusts that a quorum needs nobody else. */
const holdMs = 5
/** Messages that wait for one member, and bytes of entries in one: more is sent at once, for it costs more to send late than often. */
const maxMessages = 8
const maxBytes = 64 * 1024
/** Milliseconds without waiting after entries were not committed in time. Until then it shows who answers first by now. */
const doubtMs = 100

type Append = MessageOf<'appendEntries'>

type Held = { readonly since: number; readonly messages: Append[] }

type Parts = {
  readonly clock: Clock
  readonly self: NodeId
  readonly membership: () => Membership
  readonly commit: () => Index
  /** Whether it pays, which cannot be known from here: with processors to spare, the fastest of all followers is faster than the fastest before. */
  readonly pays: () => boolean
  readonly send: (message: Message) => void
}

/**
 * A leader commits what a quorum has (§5.3), so of three nodes one follower is enough and of five two. The entries for those who were
 * mostly last to answer wait a moment for the next ones: they and their answer cost as much for one entry as for many. Entries on their
 * way to a quorum and no further are "thrifty" in EPaxos (Moraru, Andersen, Kaminsky: There Is More Consensus in Egalitarian
 * Parliaments, SOSP 2013); here they go further, some milliseconds later.
 *
 * What else is sent to such a member goes behind what waits for it, and takes that along: whoever reads there waits for nothing.
 */
export class Thrifty {
  readonly #parts: Parts
  readonly #held = new Map<NodeId, Held>()
  #timer: Timer | undefined
  #isHolding = false
  #doubtsUntil: number | undefined
  /** Enough of the followers for a quorum, as of this membership. */
  #needed: ReadonlySet<NodeId> = new Set()
  #neededOf: Membership | undefined
  /** How often somebody was the first to have an entry, while none waited. */
  readonly #firsts = new Map<NodeId, number>()
  #highest: Index = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  send(message: Message): void {
    const held = this.#held.get(message.to)
    if (message.type === 'appendEntries' && this.#mayWait(message, held !== undefined)) this.#hold(message, held)
    else {
      if (held !== undefined) this.#release(message.to, held)
      this.#parts.send(message)
    }
  }

  /** A follower has all entries up to `index`. */
  acknowledged(from: NodeId, index: Index): void {
    if (index <= this.#highest) return
    this.#highest = index
    this.#firsts.set(from, (this.#firsts.get(from) ?? 0) + 1)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#held.clear()
  }

  /** News of a commit goes behind the entries that it is about, and does not wait alone. */
  #mayWait({ to, entries }: Append, isBehind: boolean): boolean {
    if (entries.length === 0) return isBehind
    return this.#holds() && !this.#isNeeded(to) && isHandful(entries)
  }

  #holds(): boolean {
    const holds = this.#parts.pays() && !this.#doubts()
    if (holds === this.#isHolding) return holds
    this.#isHolding = holds
    if (holds) this.#neededOf = undefined
    else this.#firsts.clear()
    return holds
  }

  #doubts(): boolean {
    if (this.#doubtsUntil === undefined) return false
    if (this.#parts.clock.now() < this.#doubtsUntil) return true
    this.#doubtsUntil = undefined
    return false
  }

  #isNeeded(id: NodeId): boolean {
    const membership = this.#parts.membership()
    if (membership !== this.#neededOf) {
      this.#needed = this.#neededIn(membership)
      this.#neededOf = membership
    }
    return this.#needed.has(id)
  }

  /** While memberships overlap everybody is (§6): it does not last. */
  #neededIn({ voters, outgoing, learners }: Membership): ReadonlySet<NodeId> {
    if (outgoing.length > 0) return new Set([...voters, ...outgoing, ...learners])
    const firsts = (id: NodeId) => this.#firsts.get(id) ?? 0
    const others = voters.filter(id => id !== this.#parts.self).sort((a, b) => firsts(b) - firsts(a))
    const quorum = Math.floor(voters.length / 2) + 1
    return new Set(others.slice(0, others.length < voters.length ? quorum - 1 : quorum))
  }

  #hold(message: Append, held: Held | undefined): void {
    if (held === undefined) {
      this.#held.set(message.to, { since: this.#parts.clock.now(), messages: [message] })
      this.#timer ??= this.#parts.clock.after(holdMs, () => this.#timeIsOver())
      return
    }
    held.messages.push(message)
    if (held.messages.length >= maxMessages) this.#release(message.to, held)
  }

  #timeIsOver(): void {
    this.#timer = undefined
    const now = this.#parts.clock.now()
    for (const [id, held] of this.#held) {
      // Nothing may wait behind a quorum that does not come: its members are slow, or gone.
      if (now >= held.since + holdMs && lastOf(held) > this.#parts.commit()) this.#doubtsUntil = now + doubtMs
      this.#release(id, held)
    }
  }

  #release(id: NodeId, { messages }: Held): void {
    this.#held.delete(id)
    for (const message of messages) this.#parts.send(message)
  }
}

/** The last index of what has waited longest. */
function lastOf({ messages: [first] }: Held): Index {
  return first === undefined ? 0 : first.after.index + first.entries.length
}

/** Commands, and few. A new leader's first entry (§8) tells who leads, and a membership change comes seldom: neither waits. */
function isHandful(entries: readonly Entry[]): boolean {
  let bytes = 0
  for (const entry of entries) {
    if (entry.type !== 'command') return false
    bytes += entry.data.length
  }
  return bytes <= maxBytes
}
