import type { Entry, Index, Membership, Message, MessageOf, NodeId } from 'raft-core'
import type { Clock, Timer } from './ports.ts'

/** Milliseconds until somebody looks at what waits: it goes unless more has come, and whoever sent it has trusted a quorum for as long. */
const lookMs = 5
/** Milliseconds that entries wait at most while others come. */
const holdMs = 50
/** With so many bytes of entries, or messages, waiting for one member all leave: more cost more to send late than often, and fill the core's window. */
const maxBytes = 64 * 1024
const maxMessages = 128
/** Milliseconds without waiting after entries were not committed in time. Until then it shows who answers first by now. */
const doubtMs = 100

/** Milliseconds after which who answers sooner all the same is faster for sure. */
const lateMs = 1

type Append = MessageOf<'appendEntries'>

type Held = {
  readonly since: number
  /** All that waits, as one, made of `count` with so many bytes. */
  message: Append
  bytes: number
  count: number
  /** How far it reached when somebody looked. */
  seen: Index
  /** How far it reached at a moment that is at most a little more than `lateMs` ago; and what has waited for longer than that. */
  recent: Index
  recentAt: number
  waited: Index
  timer: Timer
}

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
 * A leader commits what a quorum has (§5.3), so of three nodes one follower is enough and of five two. Commands for those who were mostly
 * not among the first to answer wait for the next ones, and go as one message: that and its answer cost as much for one command as for many,
 * and whoever waits for the quorum waits longer while a third member works. Commands on their way to a quorum and no further are "thrifty" in
 * EPaxos (Moraru, Andersen, Kaminsky: There Is More Consensus in Egalitarian Parliaments, SOSP 2013); here they go further, up to 50 ms later.
 *
 * What else is sent to such a member goes behind what waits for it, and takes that along: whoever reads there waits for nothing. Who is
 * needed stays so until it is too slow, or until a trial of the other way shows who is faster by now.
 */
export class Thrifty {
  readonly #parts: Parts
  readonly #held = new Map<NodeId, Held>()
  #isHolding = false
  #doubtsUntil: number | undefined
  /** Enough of the followers for a quorum, as of this membership. */
  #needed: ReadonlySet<NodeId> = new Set()
  #neededOf: Membership | undefined
  /** How often somebody was among the first to have an entry, since nothing waits or since it began to. */
  readonly #firsts = new Map<NodeId, number>()
  /** The last of the entries that a member was sent after they had waited for `lateMs`. */
  readonly #sentLate = new Map<NodeId, Index>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  send(message: Message): void {
    const held = this.#held.get(message.to)
    if (message.type === 'appendEntries' && this.#waits(message, held)) return
    if (held !== undefined) this.#release(held)
    this.#parts.send(message)
  }

  /** A follower has all entries up to `index`. To be told before the core is: what is not committed then, this follower helps to commit. */
  acknowledged(from: NodeId, index: Index): void {
    if (index <= this.#parts.commit()) return
    this.#firsts.set(from, (this.#firsts.get(from) ?? 0) + 1)
    const late = this.#sentLate.get(from) ?? 0
    const isSooner = this.#parts.commit() < late && late <= index
    if (isSooner && this.#isHolding && this.#parts.membership().voters.includes(from)) this.#doubt()
  }

  stop(): void {
    for (const { timer } of this.#held.values()) timer.cancel()
    this.#held.clear()
  }

  /** News of a commit goes behind the entries that it is about, and does not wait alone. */
  #waits(message: Append, held: Held | undefined): boolean {
    if (message.entries.length === 0) return held !== undefined && this.#join(message, 0, held)
    if (!this.#holds() || this.#isNeeded(message.to)) return false
    const bytes = bytesOfCommands(message.entries)
    if (bytes >= maxBytes) return false
    if (held !== undefined) return this.#join(message, bytes, held)
    this.#begin(message, bytes)
    return true
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

  #begin(message: Append, bytes: number): void {
    const { clock } = this.#parts
    const last = lastOf(message)
    const now = clock.now()
    const timer = clock.after(lookMs, () => this.#look(held))
    const held: Held = { since: now, message, bytes, count: 1, seen: last, recent: last, recentAt: now, waited: 0, timer }
    this.#held.set(message.to, held)
  }

  /** Whether it could. */
  #join(message: Append, bytes: number, held: Held): boolean {
    if (!goesOn(message, held.message)) return false
    this.#age(held)
    held.message = joined(held.message, message)
    held.bytes += bytes
    held.count += 1
    if (held.bytes >= maxBytes || held.count >= maxMessages) this.#release(held)
    return true
  }

  /** Where commands come seldom, to wait for the next one would be in vain; where they come often, it is for many of them. */
  #look(held: Held): void {
    const { clock, commit } = this.#parts
    if (held.seen > commit()) return this.#doubt()
    const last = lastOf(held.message)
    if (last === held.seen || clock.now() >= held.since + holdMs) return this.#release(held)
    held.seen = last
    held.timer = clock.after(lookMs, () => this.#look(held))
  }

  /** Nothing may wait behind a quorum that does not come, or not before who was sent it later: its members are slow, or gone. */
  #doubt(): void {
    this.#doubtsUntil = this.#parts.clock.now() + doubtMs
    this.#isHolding = false
    this.#firsts.clear()
    for (const held of this.#held.values()) this.#release(held)
  }

  #release(held: Held): void {
    const { to } = held.message
    held.timer.cancel()
    this.#age(held)
    if (held.waited > 0) this.#sentLate.set(to, held.waited)
    this.#held.delete(to)
    this.#parts.send(held.message)
  }

  #age(held: Held): void {
    const now = this.#parts.clock.now()
    if (now < held.recentAt + lateMs) return
    held.waited = held.recent
    held.recent = lastOf(held.message)
    held.recentAt = now
  }
}

function lastOf({ after, entries }: Append): Index {
  return after.index + entries.length
}

function goesOn({ term, session, repair, after }: Append, before: Append): boolean {
  const lastTerm = before.entries.at(-1)?.term ?? before.after.term
  const isSame = term === before.term && session === before.session
  return isSame && repair === undefined && before.repair === undefined && after.index === lastOf(before) && after.term === lastTerm
}

/** Field by field and in the order of the core: one shape for all that is sent. */
function joined({ type, from, to, term, session, after, entries }: Append, second: Append): Append {
  const all = second.entries.length === 0 ? entries : entries.concat(second.entries)
  return { type, from, to, term, session, after, entries: all, commit: second.commit }
}

/** Infinite for all but commands: a new leader's first entry (§8) tells who leads, and a membership change comes seldom. Neither waits. */
function bytesOfCommands(entries: readonly Entry[]): number {
  let bytes = 0
  for (const entry of entries) {
    if (entry.type !== 'command') return Infinity
    bytes += entry.data.length
  }
  return bytes
}
