import type { Configuration } from './configuration.ts'
import { Forced } from './forced.ts'
import type { KeyHistory, Step } from './key-history.ts'
import { unseen } from './key-history.ts'
import { NextText } from './next-text.ts'
import { Optional } from './optional.ts'
import { Outlook } from './outlook.ts'
import { Pieces } from './pieces.ts'
import { Seers } from './seers.ts'

/**
 * Which of several moves is tried first: what must be done or seen first; what could be seen at once by all who must; or what must be done
 * first. Each is good at histories that others are bad at.
 */
export type Order = 'by due' | 'whole first' | 'by return'

/**
 * What can come next. Leaves out what another order makes up for:
 * - a step that changes nothing and fits is taken at once: wherever an order has it, it could stand here as well;
 * - what needs no choice (Forced);
 * - of steps that do the same, the one that must be done first;
 * - an optional step only if something that is next could not be without it (any other can be left out of the order);
 * - what later steps rule out (Outlook).
 */
export class Moves {
  readonly #configuration: Configuration
  readonly #history: KeyHistory
  readonly #seers: Seers
  readonly #optional: Optional
  readonly #forced: Forced
  readonly #pieces: Pieces
  readonly #outlook: Outlook
  readonly #nextText: NextText | undefined
  readonly #numbers = new Map<Step, number>()
  readonly #order: Order
  readonly #looksAhead: boolean
  #next: number[] = []

  constructor(configuration: Configuration, order: Order, looksAhead: boolean) {
    this.#order = order
    this.#looksAhead = looksAhead
    this.#configuration = configuration
    this.#history = configuration.history
    for (const [number, step] of this.#history.definite.entries()) this.#numbers.set(step, number)
    this.#seers = new Seers(configuration)
    this.#optional = new Optional(configuration)
    this.#forced = new Forced(configuration, this.#seers, this.#optional, this.#numbers)
    this.#pieces = new Pieces(configuration, this.#seers, this.#numbers)
    this.#outlook = new Outlook(configuration, this.#seers, this.#pieces)
    this.#nextText = this.#history.isAppendOnly ? new NextText(this.#seers) : undefined
  }

  /** The state, as far as it matters: values that nobody will see are all the same. */
  get state(): number {
    const { state } = this.#configuration
    return this.#nextText !== undefined || this.#seers.isAlive(state) ? state : unseen
  }

  take(step: Step): void {
    this.#configuration.take(this.#numbers.get(step) ?? -1, step, this.#history.after(step, this.#configuration.state))
  }

  /** Takes what needs no choice. Returns the place of the first return among what is left. */
  settle(): number {
    const configuration = this.#configuration
    for (;;) {
      if (configuration.left === 0) return this.#history.events
      const frontier = configuration.candidates(this.#next)
      if (this.#forced.takeWhatFits(this.#next)) continue
      if (!this.#looksAhead || this.#nextText !== undefined || !this.#forced.take(this.#next, frontier)) return frontier
    }
  }

  /** What can follow, the most urgent first. `frontier`: of this configuration, as `settle` left it. */
  next(frontier: number): readonly Step[] {
    const found: { readonly step: Step; readonly urgency: number }[] = []
    const { state } = this.#configuration
    const add = (step: Step) => {
      const after = this.#history.after(step, state)
      if (this.#nextText !== undefined) {
        if (!this.#nextText.allows(step, state, this.#history)) return
      } else if (this.#looksAhead && !this.#outlook.allows(step, after)) return
      found.push({ step, urgency: this.#urgency(step, after, frontier) })
    }
    for (const step of this.#firstOfEachClass()) if (this.#fits(step)) add(step)
    let isStuck = this.#isStuck()
    for (const step of this.#optional.available(frontier)) {
      if (!this.#fits(step)) continue
      if (this.#isUseful(step, frontier)) add(step)
      else if (isStuck) {
        add(step)
        // All whose outcome nobody sees do the same.
        isStuck = this.#nextText === undefined && this.#seers.isAlive(this.#history.after(step, state))
      }
    }
    found.sort((a, b) => a.urgency - b.urgency)
    return found.map(({ step }) => step)
  }

  /** The least goes first. */
  #urgency(step: Step, after: number, frontier: number): number {
    if (this.#nextText !== undefined) return step.return
    let due = step.return
    let isWhole = true
    for (const seer of this.#seers.of(after)) {
      if (seer.kind !== 'must' || seer.step === step || this.#seers.isDone(seer)) continue
      if (isWhole && this.#pieces.readyAt(seer, after) > frontier) isWhole = false
      if (seer.step.return < due) due = seer.step.return
    }
    if (this.#order === 'by return') return step.return
    return isWhole && this.#order === 'whole first' ? due - this.#history.events : due
  }
  #fits({ kind, expected }: Step): boolean {
    return kind === 'write' || kind === 'append' || expected === this.#configuration.state
  }

  /** Of the steps that change something. All that nobody sees do the same. */
  #firstOfEachClass(): Iterable<Step> {
    const { definite } = this.#history
    const first = new Map<number, Step>()
    for (const number of this.#next) {
      const step = definite[number]!
      if (step.kind === 'read' || step.kind === 'failed cas') continue
      const name = this.#nextText === undefined && this.#seers.isInvisible(step) ? -1 : step.class
      const other = first.get(name)
      if (other === undefined || step.return < other.return) first.set(name, step)
    }
    return first.values()
  }

  /** Something that is next failed because the state was another one. */
  #isStuck(): boolean {
    const { definite } = this.#history
    const { state } = this.#configuration
    return this.#next.some(number => definite[number]!.kind === 'failed cas' && definite[number]!.expected === state)
  }
  /** Somebody may make use of what comes of it. */
  #isUseful(step: Step, frontier: number): boolean {
    const { state } = this.#configuration
    const after = this.#history.after(step, state)
    if (after === state) return false
    if (this.#nextText !== undefined) return true
    return this.#seers
      .of(after)
      .some(seer => seer.kind !== 'must not' && !this.#seers.isDone(seer) && (this.#history.has.append || seer.step.call < frontier))
  }
}
