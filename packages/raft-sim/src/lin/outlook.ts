import type { Configuration } from './configuration.ts'
import type { KeyHistory, Step } from './key-history.ts'
import { unseen } from './key-history.ts'
import type { Pieces } from './pieces.ts'
import type { Seer, Seers } from './seers.ts'

/** Looks ahead: what is left of the history rules some moves out. */
export class Outlook {
  readonly #configuration: Configuration
  readonly #history: KeyHistory
  readonly #seers: Seers
  readonly #pieces: Pieces
  /** By value: the optional cas that expect it, one of each class, and how many of them there are. */
  readonly #successors = new Map<number, Map<Step, number>>()

  constructor(configuration: Configuration, seers: Seers, pieces: Pieces) {
    this.#pieces = pieces
    this.#configuration = configuration
    this.#history = configuration.history
    this.#seers = seers
    const first = new Map<number, Step>()
    for (const step of this.#history.optional) {
      if (step.kind !== 'cas' || step.value === unseen) continue
      const representative = first.get(step.class) ?? step
      first.set(step.class, representative)
      const successors = this.#successors.get(step.expected) ?? new Map<Step, number>()
      this.#successors.set(step.expected, successors.set(representative, (successors.get(representative) ?? 0) + 1))
    }
  }

  /** False if this move cannot lead anywhere. */
  allows(move: Step, after: number): boolean {
    const { state } = this.#configuration
    if (this.#pieces.isWasted(move, after)) return false
    return after === state || (this.#mayLeave(move, after) && this.#mayEnter(move, after))
  }

  /** Nobody is left who must see what is there now, or what it could grow to, and never will after this move. */
  #mayLeave(move: Step, after: number): boolean {
    const { state, producers, takers } = this.#configuration
    // Each cas that took needs the value for itself.
    if (!this.#history.has.append && takers[state]! - (move.kind === 'cas' && move.return !== Infinity ? 1 : 0) > producers[state]!)
      return false
    for (const seer of this.#seers.of(state)) {
      if (seer.kind !== 'must' || seer.step === move || this.#seers.isDone(seer)) continue
      if (!this.#seers.sees(seer, after) && !this.#seers.canBegin(seer)) return false
    }
    return this.#history.has.append || producers[state]! > 0 || !this.#endsWith(state, after)
  }
  /** Once `gone` is gone for ever: something that must be seen can come about no more, since only an optional cas made it of `gone`. */
  #endsWith(gone: number, after: number): boolean {
    const { needed, producers, used } = this.#configuration
    for (const [step, count] of this.#successors.get(gone) ?? []) {
      const { value } = step
      const left = count - used[step.class]!
      if (value === gone || value === after || left === 0 || producers[value]! > left) continue
      if (needed[value]! > 0 || this.#endsWith(value, after)) return true
    }
    return false
  }

  /**
   * If this is the last time that this is there, it stays, and grows to what must be seen, until the last who must see it has called:
   * nothing else can be due before.
   */
  #mayEnter(move: Step, after: number): boolean {
    if (move.kind === 'append') return true
    const { producers } = this.#configuration
    let last: Seer | undefined
    let ready = -1
    for (const seer of this.#seers.of(after)) {
      if (seer.kind !== 'must' || seer.step === move || this.#seers.isDone(seer)) continue
      if (seer.roots.some(root => producers[root]! > (root === after ? 1 : 0))) continue
      const at = this.#pieces.readyAt(seer, after)
      if (at > ready) [last, ready] = [seer, at]
    }
    if (last === undefined || ready === Infinity) return last === undefined
    for (const step of this.#configuration.returningBefore(ready)) {
      if (step !== move && !this.#fitsWithin(step, after, last)) return false
    }
    return true
  }
  /** Whether it can be done while what is there grows from the root to what this one sees. */
  #fitsWithin({ kind, value, expected }: Step, root: number, { text, value: end }: Seer): boolean {
    if (kind === 'write') return false
    if (kind === 'failed cas') return end !== root || expected !== root
    if (kind === 'append') {
      return value !== unseen && text.includes(this.#history.textOf(value), this.#history.textOf(root).length)
    }
    if (kind === 'cas' && value !== expected) return false
    if (value === root || value === end) return true
    const between = this.#history.textOf(value)
    return this.#history.has.append && text.startsWith(between) && between.startsWith(this.#history.textOf(root))
  }
}
