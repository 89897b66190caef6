import type { Configuration } from './configuration.ts'
import type { KeyHistory, Step } from './key-history.ts'
import { unseen } from './key-history.ts'
import type { Optional } from './optional.ts'
import type { Seer, Seers } from './seers.ts'

/**
 * Moves that need no choice, at a state that nothing can go on from: whatever comes next begins anew, so that nobody will miss what is there.
 * Wherever an order has such a move, it could stand here as well, unless a cas that failed needs it there, to end what it says was not there.
 */
export class Forced {
  readonly #configuration: Configuration
  readonly #history: KeyHistory
  readonly #seers: Seers
  readonly #optional: Optional
  readonly #numbers: ReadonlyMap<Step, number>
  /** Cas that failed, and by value all steps that produce it. */
  readonly #failed: readonly Seer[]
  readonly #producers = new Map<number, Step[]>()

  constructor(configuration: Configuration, seers: Seers, optional: Optional, numbers: ReadonlyMap<Step, number>) {
    this.#configuration = configuration
    this.#history = configuration.history
    this.#seers = seers
    this.#optional = optional
    this.#numbers = numbers
    this.#failed = seers.all.filter(({ kind }) => kind === 'must not')
    if (this.#failed.length === 0) return
    for (const step of [...this.#history.definite, ...this.#history.optional]) {
      if (step.kind !== 'write' && step.kind !== 'cas') continue
      const others = this.#producers.get(step.value)
      if (others === undefined) this.#producers.set(step.value, [step])
      else others.push(step)
    }
  }

  /** Takes what could be next for certain; false if there is nothing. `next`: the numbers of all steps that could be next. */
  take(next: readonly number[], frontier: number): boolean {
    if (this.#canGoOn(next, frontier)) return false
    return this.#takeInvisible(next) || this.#takeWhole(next, frontier)
  }

  /** Something that could be next can make use of what is there. */
  #canGoOn(next: readonly number[], frontier: number): boolean {
    const { definite } = this.#history
    for (const number of next) if (this.#uses(definite[number]!)) return true
    for (const step of this.#optional.available(frontier)) if (this.#uses(step)) return true
    return false
  }
  #uses(step: Step): boolean {
    const { state } = this.#configuration
    if (step.kind === 'cas') return step.expected === state && (step.return !== Infinity || step.value !== unseen)
    return step.kind === 'append' && this.#seers.isAlive(this.#history.after(step, state))
  }

  /** Nobody is left who would see what comes of it. */
  #takeInvisible(next: readonly number[]): boolean {
    const { definite } = this.#history
    for (const number of next) {
      const step = definite[number]!
      if (!this.#seers.isInvisible(step) || this.#mayEndWhatFailed(step, step.return)) continue
      this.#configuration.take(number, step, this.#history.after(step, this.#configuration.state))
      return true
    }
    return false
  }
  /** A cas failed because something was not there that can still come about, and before that time. */
  #mayEndWhatFailed(move: Step, until: number): boolean {
    return this.#failed.some(
      seer =>
        !this.#seers.isDone(seer) &&
        seer.roots.some(root =>
          this.#producers
            .get(root)
            ?.some(step => step !== move && step.call < until && step.call < seer.step.return && !this.#isTaken(step)),
        ),
    )
  }

  /** All who must see a value, and what comes of it, can do so at once, and only here: they go together. */
  #takeWhole(next: readonly number[], frontier: number): boolean {
    const { definite } = this.#history
    for (const number of next) if (this.#takesAll(number, definite[number]!, next, frontier)) return true
    for (const step of this.#optional.available(frontier)) if (this.#takesAll(-1, step, next, frontier)) return true
    return false
  }
  #takesAll(number: number, step: Step, next: readonly number[], frontier: number): boolean {
    const configuration = this.#configuration
    if (step.kind !== 'write' || !this.#seers.isAlive(step.value) || !this.#isWhole(step.value, frontier)) return false
    const until = this.#seers.of(step.value).reduce((first, { step: { return: returned } }) => Math.min(first, returned), step.return)
    if (this.#mayEndWhatFailed(step, until)) return false
    const { length } = configuration.done
    configuration.take(number, step, step.value)
    for (;;) {
      this.takeWhatFits(next)
      if (!this.#seers.isAlive(configuration.state)) return true
      const follower = this.#onlyFollower(next, frontier)
      if (follower === undefined) break
      configuration.take(this.#numbers.get(follower) ?? -1, follower, this.#history.after(follower, configuration.state))
    }
    configuration.backTo(length)
    return false
  }
  /** This value comes about only once, in one way, and all who are interested in it have called. */
  #isWhole(value: number, frontier: number): boolean {
    const { producers } = this.#configuration
    if (producers[value] !== 1) return false
    const { length } = this.#history.has.append ? this.#history.textOf(value) : ''
    return this.#seers.of(value).every(seer => {
      if (this.#seers.isDone(seer)) return true
      if (seer.kind !== 'must' || seer.step.call > frontier) return false
      if (this.#history.has.append && this.#history.texts.ways(seer.text, length) !== 1) return false
      return seer.roots.every(root => root === value || producers[root] === 0)
    })
  }
  /** What alone makes of the state what must be seen next; undefined if that is not certain. */
  #onlyFollower(next: readonly number[], frontier: number): Step | undefined {
    const { definite } = this.#history
    let only: Step | undefined
    for (const step of [...next.map(number => definite[number]!), ...this.#optional.available(frontier)]) {
      if (this.#isTaken(step) || !this.#uses(step)) continue
      if (only !== undefined && only.value !== step.value) return undefined
      if (only === undefined || step.return < only.return) only = step
    }
    if (only?.kind !== 'cas') return only
    const isLast = this.#seers.of(this.#configuration.state).every(seer => seer.step === only || this.#seers.isDone(seer))
    return isLast && (!this.#seers.isAlive(only.value) || this.#isWhole(only.value, frontier)) ? only : undefined
  }
  #isTaken(step: Step): boolean {
    const number = this.#numbers.get(step)
    return number !== undefined && (this.#configuration.bits[number >> 5]! & (1 << (number & 31))) !== 0
  }

  /** Takes all steps that fit and change nothing: wherever an order has them, they could stand here as well. */
  takeWhatFits(next: readonly number[]): boolean {
    const { definite } = this.#history
    const { state } = this.#configuration
    let any = false
    for (const number of next) {
      const { kind, value, expected } = definite[number]!
      const fits =
        kind === 'read'
          ? value === state
          : kind === 'cas'
            ? expected === state && value === state
            : kind === 'failed cas' && expected !== state
      if (!fits || this.#isTaken(definite[number]!)) continue
      this.#configuration.take(number, definite[number]!, state)
      any = true
    }
    return any
  }
}
