import type { Message, NodeId } from 'raft-core'
import type { Coverage } from '../coverage.ts'
import type { Faults } from '../faults.ts'
import type { Random } from '../random.ts'
import type { Schedule } from './schedule.ts'

type Carry = (message: Message, from: NodeId) => void

/** Datagrams: any of them may be lost, late, repeated, or overtaken by a later one; none is altered. */
export class Network {
  readonly #schedule: Schedule
  readonly #random: Random
  readonly #coverage: Coverage
  readonly #deliver: Carry
  readonly #lost: Carry
  #faults: Faults
  /** Directed pairs that cannot hear each other: `from>to`. */
  #cut = new Set<string>()
  /** Messages that are still under way after this moment were sent before the network healed, and are lost. */
  #oldMailUntil = Infinity
  #healedAt = Infinity

  constructor(
    world: { readonly schedule: Schedule; readonly coverage: Coverage; readonly random: Random; readonly faults: Faults },
    deliver: Carry,
    lost: Carry,
  ) {
    this.#schedule = world.schedule
    this.#coverage = world.coverage
    this.#random = world.random
    this.#faults = world.faults
    this.#deliver = deliver
    this.#lost = lost
  }

  /** `from` need not be `message.from`: nodes pass requests on. */
  send(from: NodeId, message: Message): void {
    const { lossRate, duplicateRate } = this.#faults
    if (this.#isCut(from, message.to) || (lossRate > 0 && this.#random.chance(lossRate))) {
      this.#coverage.saw('lost message')
      return this.#lost(message, from)
    }
    this.#carry(from, message)
    if (duplicateRate === 0 || !this.#random.chance(duplicateRate)) return
    this.#coverage.saw('repeated message')
    this.#carry(from, message)
  }

  #carry(from: NodeId, message: Message): void {
    const sentAt = this.#schedule.now
    this.#schedule.after(this.#delay(), () => {
      if (sentAt < this.#healedAt && this.#schedule.now > this.#oldMailUntil) this.#lost(message, from)
      else this.#deliver(message, from)
    })
  }

  #delay(): number {
    const { delayMs, lateRate, lateMs } = this.#faults
    const [low, high] = delayMs
    if (lateRate > 0 && this.#random.chance(lateRate)) {
      this.#coverage.saw('late message')
      return high + this.#random.next() * lateMs
    }
    // Mostly quick, now and then slow: messages overtake one another without all being slow.
    const share = this.#random.next()
    return low + (high - low) * share * share
  }

  // ── partitions ──

  #isCut(from: NodeId, to: NodeId): boolean {
    return this.#cut.size > 0 && this.#cut.has(`${from}>${to}`)
  }
  /** `hears(from, to)` decides for each directed pair. */
  partition(ids: readonly NodeId[], hears: (from: NodeId, to: NodeId) => boolean): void {
    this.#coverage.saw('partition')
    this.#cut = new Set()
    for (const from of ids) for (const to of ids) if (from !== to && !hears(from, to)) this.#cut.add(`${from}>${to}`)
  }
  reconnect(): void {
    this.#cut = new Set()
  }
  /** From now on the network is as good as `faults` says, and what was sent before arrives within `graceMs` or not at all. */
  heal(faults: Faults, graceMs: number): void {
    this.reconnect()
    this.#faults = faults
    this.#healedAt = this.#schedule.now
    this.#oldMailUntil = this.#schedule.now + graceMs
  }
}
