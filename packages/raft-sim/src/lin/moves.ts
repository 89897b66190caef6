import type { Configuration } from './configuration.ts'
import type { KeyHistory, Step } from './key-history.ts'
import { absent } from './key-history.ts'
import { Optional } from './optional.ts'
import { Outlook } from './outlook.ts'

/**
 * What can come next. Leaves out what another order makes up for:
 * - a step that changes nothing and fits is taken at once: wherever an order has it, it could stand here as well;
 * - of steps that do the same, the one that must be done first;
 * - an optional step only if something that is next could not be without it (any other can be left out of the order);
 * - where strings grow: what nobody sees at once after something that nobody sees;
 * - where there is nothing but reads and writes: a write that nobody reads goes right before the next one, whichever that is;
 *   one that alone explains all its reads, and they could all be next, goes with them.
 */
export class Moves {
  readonly #configuration: Configuration
  readonly #history: KeyHistory
  readonly #optional: Optional
  readonly #outlook: Outlook
  readonly #numbers = new Map<Step, number>()
  /** Only reads and writes. */
  readonly #isPlain: boolean
  readonly #hasFailedCas: boolean
  readonly #looksAhead: boolean
  #next: number[] = []
  /** By value: how many of the next steps must see it, and the first return among them. */
  readonly #seers = new Map<number, { count: number; return: number }>()

  constructor(configuration: Configuration, looksAhead: boolean) {
    this.#looksAhead = looksAhead
    this.#configuration = configuration
    this.#history = configuration.history
    const { definite, has } = configuration.history
    for (const [number, step] of definite.entries()) this.#numbers.set(step, number)
    this.#hasFailedCas = definite.some(({ kind }) => kind === 'failed cas')
    this.#isPlain = !has.append && !has.cas
    this.#optional = new Optional(configuration)
    this.#outlook = new Outlook(configuration, this.#numbers)
  }

  /** The state, as far as it matters: values that nobody will see are all the same. */
  get state(): number {
    const { state, needed } = this.#configuration
    const { growth } = this.#outlook
    if (growth !== undefined) return growth.isAlive(state) ? state : 0xffffffff
    return this.#isPlain && needed[state] === 0 ? 0xffffffff : state
  }
  /** Somebody must still see this state, who is not next, and nobody can bring it about again. */
  get isBlocked(): boolean {
    if (!this.#isPlain || !this.#looksAhead) return false
    const { state, needed, producers } = this.#configuration
    return needed[state]! > 0 && producers[state] === 0
  }
  optionalThatMatter(): Iterable<number> {
    return this.#optional.thatMatter(this.#isPlain)
  }

  take(step: Step): void {
    const number = this.#numbers.get(step) ?? -1
    this.#configuration.take(number, step, this.#after(step))
  }

  /** Takes what needs no choice. Returns the place of the first return among what is left. */
  settle(): number {
    const configuration = this.#configuration
    for (;;) {
      if (configuration.left === 0) return this.#history.events
      const frontier = configuration.candidates(this.#next)
      if (this.#takeWhatFits() || this.#takeInvisible()) continue
      if (!this.#isPlain || !this.#looksAhead || this.isBlocked) return frontier
      const forced = this.#forced(frontier)
      if (forced === undefined) return frontier
      this.take(forced)
    }
  }

  /** What can follow, the most urgent first. `frontier`: of this configuration, as `settle` left it. */
  next(frontier: number): readonly Step[] {
    this.#countSeers()
    const found: { readonly step: Step; readonly urgency: number }[] = []
    const add = (step: Step) => {
      if (step.kind === 'append' && !this.#outlook.allowsPiece(step)) return
      const after = this.#after(step)
      if (this.#looksAhead && !this.#outlook.allows(step, after)) return
      found.push({ step, urgency: this.#urgency(step, after) })
    }
    for (const step of this.#firstOfEachClass()) if (this.#fits(step)) add(step)
    for (const step of this.#optional.available(frontier)) {
      if (this.#outlook.allowsPiece(step) && this.#fits(step) && this.#isUseful(step)) add(step)
    }
    found.sort((a, b) => a.urgency - b.urgency)
    return found.map(({ step }) => step)
  }

  /** What nobody sees goes first, then what could be seen by all who must; of the rest, what must be done or seen first. */
  #urgency(step: Step, after: number): number {
    const { needed } = this.#configuration
    if (this.#outlook.growth !== undefined) return Math.min(this.#outlook.growth.due(after), step.return + this.#history.events)
    const seers = this.#seers.get(after)
    const due = Math.min(step.return, seers?.return ?? Infinity)
    return (seers?.count ?? 0) >= (needed[after] ?? 0) && step.kind === 'write' ? due - this.#history.events : due
  }

  // ── what a step does ──

  #fits({ kind, value, expected }: Step): boolean {
    const { state } = this.#configuration
    if (kind === 'read') return state === value
    if (kind === 'cas') return state === expected
    return kind === 'failed cas' ? state !== expected : true
  }
  #after({ kind, value }: Step): number {
    const { state } = this.#configuration
    if (kind === 'write' || kind === 'cas') return value
    if (kind !== 'append') return state
    return this.#history.idOf(state === absent ? this.#history.textOf(value) : this.#history.textOf(state) + this.#history.textOf(value))
  }

  // ── without a choice ──

  #takeWhatFits(): boolean {
    const { definite } = this.#history
    let any = false
    for (const number of this.#next) {
      const step = definite[number]!
      // An empty append changes nothing but an absent key: it may be needed there.
      if (step.kind === 'write' || step.kind === 'append' || !this.#fits(step) || this.#after(step) !== this.#configuration.state) continue
      this.#configuration.take(number, step, this.#configuration.state)
      any = true
    }
    return any
  }

  /** After something that nobody sees, what nobody sees either could stand as well as anywhere; unless a cas has to say what was not there. */
  #takeInvisible(): boolean {
    const { growth } = this.#outlook
    if (!this.#looksAhead || growth === undefined || this.#hasFailedCas || growth.isAlive(this.#configuration.state)) return false
    const { definite } = this.#history
    const step = definite[this.#next.find(number => growth.isInvisible(definite[number]!)) ?? -1]
    if (step !== undefined) this.take(step)
    return step !== undefined
  }
  #forced(frontier: number): Step | undefined {
    const { needed, producers, state } = this.#configuration
    const { definite } = this.#history
    for (const number of this.#next) {
      const step = definite[number]!
      if (step.kind === 'write' && needed[step.value] === 0) return step
    }
    if (needed[state]! > 0) return undefined
    this.#countSeers()
    for (const number of this.#next) {
      const { kind, value } = definite[number]!
      if (producers[value] !== 1 || this.#seers.get(value)?.count !== needed[value]) continue
      if (kind === 'write') return definite[number]
      const optional = this.#optional.writer(value, frontier)
      if (optional !== undefined) return optional
    }
    return undefined
  }

  // ── with a choice ──

  #countSeers(): void {
    const { definite } = this.#history
    this.#seers.clear()
    for (const number of this.#next) {
      const step = definite[number]!
      const value = step.kind === 'read' ? step.value : step.kind === 'cas' ? step.expected : undefined
      if (value === undefined) continue
      const seers = this.#seers.get(value)
      if (seers === undefined) this.#seers.set(value, { count: 1, return: step.return })
      else {
        seers.count++
        seers.return = Math.min(seers.return, step.return)
      }
    }
  }

  /** Of the steps that change something. */
  #firstOfEachClass(): Iterable<Step> {
    const { definite } = this.#history
    const first = new Map<number, Step>()
    for (const number of this.#next) {
      const step = definite[number]!
      if (step.kind === 'read' || step.kind === 'failed cas') continue
      const other = first.get(step.class)
      if (other === undefined || step.return < other.return) first.set(step.class, step)
    }
    return first.values()
  }

  #isUseful(step: Step): boolean {
    const after = this.#after(step)
    const { state } = this.#configuration
    if (after === state) return false
    if (this.#history.has.append) return this.#outlook.canBeSeen(after)
    const { definite } = this.#history
    const unblocks = () => this.#next.some(number => definite[number]!.kind === 'failed cas' && definite[number]!.expected === state)
    return this.#seers.has(after) || this.#optional.isExpected(after) || unblocks()
  }
}
