import type { KeyHistory, Step } from './key-history.ts'
import { absent } from './key-history.ts'

/** What was done last, and how to take it back. */
type Done = { readonly step: Step; readonly number: number; readonly before: number }

/**
 * Which steps have taken effect, in which order, and the state that they led to. The definite ones that are left hang in a doubly linked
 * list of their calls and returns, as in Wing and Gong's algorithm: taking a step lifts its two events out, taking it back puts them in again.
 */
export class Configuration {
  state = absent
  readonly history: KeyHistory
  /** By value: steps that are left and must see it, and steps that are left and can produce it. */
  readonly needed: Int32Array
  readonly producers: Int32Array
  /** By value: definite cas that are left and take it away. */
  readonly takers: Int32Array
  /** By class of optional steps: how many are used. They are used in the order of their calls, since those of a class do the same. */
  readonly used: Int32Array
  readonly optionalClasses: readonly number[]
  readonly done: Done[] = []
  /** One bit for each definite step. */
  readonly bits: Uint32Array
  left: number
  readonly #next: Int32Array
  readonly #previous: Int32Array
  readonly #stepAt: Int32Array
  readonly #callsBefore: Int32Array

  constructor(history: KeyHistory) {
    this.history = history
    const { definite, optional, events } = history
    this.needed = new Int32Array(history.values)
    this.producers = new Int32Array(history.values)
    this.takers = new Int32Array(history.values)
    this.used = new Int32Array(history.classes)
    this.optionalClasses = [...new Set(optional.map(step => step.class))].sort((a, b) => a - b)
    this.bits = new Uint32Array((definite.length >> 5) + 2)
    this.left = definite.length
    for (const step of definite) this.#count(step, 1)
    for (const { kind, value } of optional) if (kind !== 'append') this.producers[value]!++
    // Place 0 of the list is its head; an event's place is moved by one.
    this.#stepAt = new Int32Array(events + 2).fill(-1)
    for (const [number, step] of definite.entries()) this.#stepAt[step.call + 1] = this.#stepAt[step.return + 1] = number
    this.#next = new Int32Array(events + 2)
    this.#previous = new Int32Array(events + 2)
    this.#callsBefore = new Int32Array(events + 2)
    let last = 0
    let calls = 0
    for (let place = 1; place <= events; place++) {
      this.#callsBefore[place] = calls
      if (this.#stepAt[place] === -1) continue
      if (definite[this.#stepAt[place]!]!.call + 1 === place) calls++
      this.#next[last] = place
      this.#previous[place] = last
      last = place
    }
    this.#next[last] = events + 1
    this.#previous[events + 1] = last
  }

  /** Collects the steps that could be next: called before the first return among those that are left. Returns the place of that return. */
  candidates(into: number[]): number {
    into.length = 0
    const { definite } = this.history
    for (let at = this.#next[0]!; ; at = this.#next[at]!) {
      const number = this.#stepAt[at]!
      if (number === -1 || definite[number]!.return + 1 === at) return at - 1
      into.push(number)
    }
  }
  /** Steps that are left and return before this place, from the first on. */
  *returningBefore(place: number): Generator<Step> {
    const { definite } = this.history
    for (let at = this.#next[0]!; at <= place; at = this.#next[at]!) {
      const step = definite[this.#stepAt[at]!]
      if (step !== undefined && step.return + 1 === at) yield step
    }
  }

  take(number: number, step: Step, state: number): void {
    this.done.push({ step, number, before: this.state })
    this.state = state
    if (number < 0) {
      this.used[step.class]!++
      if (step.kind !== 'append') this.producers[step.value]!--
      return
    }
    this.left--
    this.bits[number >> 5]! |= 1 << (number & 31)
    this.#count(step, -1)
    this.#lift(step.call + 1)
    this.#lift(step.return + 1)
  }
  /** Takes steps back until so many are done. */
  backTo(length: number): void {
    while (this.done.length > length) {
      const { step, number, before } = this.done.pop()!
      this.state = before
      if (number < 0) {
        this.used[step.class]!--
        if (step.kind !== 'append') this.producers[step.value]!++
        continue
      }
      this.left++
      this.bits[number >> 5]! &= ~(1 << (number & 31))
      this.#count(step, 1)
      this.#unlift(step.return + 1)
      this.#unlift(step.call + 1)
    }
  }

  /** Equal for configurations of the same definite steps and the same state, and different for all others. `frontier`: the first return. */
  name(frontier: number, state: number): string {
    const first = this.left === 0 ? this.history.definite.length : this.#stepAt[this.#next[0]!]!
    const end = this.#callsBefore[frontier + 1] ?? this.history.definite.length
    let name = String.fromCharCode(first & 0xffff, first >>> 16, state & 0xffff, state >>> 16)
    // Everything before the first is done, and nothing that is called after the frontier.
    for (let at = first & ~15; at < end; at += 16) name += String.fromCharCode((this.bits[at >> 5]! >>> (at & 16)) & 0xffff)
    return name
  }

  #count({ kind, value, expected }: Step, by: 1 | -1): void {
    if (kind === 'read') this.needed[value]! += by
    if (kind === 'cas') this.needed[expected]! += by
    if (kind === 'cas' && value !== expected) this.takers[expected]! += by
    if (kind === 'write' || kind === 'cas') this.producers[value]! += by
  }
  #lift(at: number): void {
    this.#next[this.#previous[at]!] = this.#next[at]!
    this.#previous[this.#next[at]!] = this.#previous[at]!
  }
  #unlift(at: number): void {
    this.#next[this.#previous[at]!] = at
    this.#previous[this.#next[at]!] = at
  }
}
