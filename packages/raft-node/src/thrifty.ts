import type { Entry, Index, Membership, Message, MessageOf, NodeId } from 'raft-core'
import type { Clock, Timer } from './ports.ts'

/** Milliseconds until somebody looks at what waits: it goes unless more has come, and whoever sent it has trusted a quorum for as long. */
const lookMs = 5
/** Milliseconds that entries wait at most while others come. */
const holdMs = 50
/** Bytes of entries that wait for one member: more costs more to send late than often. */
const maxBytes = 64 * 1024
/** Milliseconds without waiting after entries were not committed in time. Until then it shows who answers first by now. */
const doubtMs = 100

/** Milliseconds after which who answers sooner all the same is faster for sure. */
const lateMs = 1

type Append = MessageOf<'appendEntries'>

/** `message` is all that waits, as one. What came first, at `since`, reached up to `firstLast`, and all of it up to `seenLast` when somebody looked. */
type Held = { readonly since: number; readonly firstLast: Index; seenLast: Index; bytes: number; message: Append; timer: Timer }

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
 * A leader commits what a quorum has (§5.3), so of three nodes one follower is enough and of five two. Commands for those who were mostly not
 * among the first to answer wait a moment for the next ones, and go as one message: that and its answer cost as much for one command as for
 * many, and whoever waits for the quorum waits longer while a third member works. Commands on their way to a quorum and no further are "thrifty" in EPaxos (Moraru, Andersen, Kaminsky: There Is More Consensus in
 * Egalitarian Parliaments, SOSP 2013); here they go further, some milliseconds later.
 *
 * What else is sent to such a member goes behind what waits for it, and takes that along: whoever reads there waits for nothing. Who is needed
 * stays so until it is too slow, or until a trial of the other way shows who is faster by now.
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
  /** The first of the entries that a member was sent last after they had waited. */
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
    if (bytes > maxBytes) return false
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
    const [last, { clock }] = [lastOf(message), this.#parts]
    const held: Held = {
      since: clock.now(),
      firstLast: last,
      seenLast: last,
      bytes,
      message,
      timer: clock.after(lookMs, () => this.#look(held)),
    }
    this.#held.set(message.to, held)
  }

  /** Whether it could. */
  #join(message: Append, bytes: number, held: Held): boolean {
    if (!goesOn(message, held.message)) return false
    held.bytes += bytes
    held.message = joined(held.message, message)
    if (held.bytes >= maxBytes) this.#release(held)
    return true
  }

  /** Where commands come seldom, to wait for the next one would be in vain; where they come often, it is for many of them. */
  #look(held: Held): void {
    const { clock, commit } = this.#parts
    const last = lastOf(held.message)
    const isLate = held.seenLast > commit()
    if (isLate) this.#doubt()
    if (isLate || last === held.seenLast || clock.now() >= held.since + holdMs) return this.#release(held)
    held.seenLast = last
    held.timer = clock.after(lookMs, () => this.#look(held))
  }

  /** Nothing may wait behind a quorum that does not come, or not before who was sent it later: its members are slow, or gone. */
  #doubt(): void {
    this.#doubtsUntil = this.#parts.clock.now() + doubtMs
    this.#isHolding = false
    this.#firsts.clear()
  }

  #release({ message, since, firstLast, timer }: Held): void {
    timer.cancel()
    if (this.#parts.clock.now() >= since + lateMs) this.#sentLate.set(message.to, firstLast)
    this.#held.delete(message.to)
    this.#parts.send(message)
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
