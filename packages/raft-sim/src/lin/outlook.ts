import type { Configuration } from './configuration.ts'
import { Growth } from './growth.ts'
import type { KeyHistory, Step } from './key-history.ts'

/** Looks ahead: what is left of the history rules some moves out. */
export class Outlook {
  readonly #configuration: Configuration
  readonly #history: KeyHistory
  readonly #numbers: ReadonlyMap<Step, number>
  /** By value: those who must see it, in the order of calls. */
  readonly #seers = new Map<number, Step[]>()
  /** All values that somebody must see or may expect, as texts, the shortest first; only for appends. */
  readonly #seen: readonly { readonly text: string; readonly step: Step }[]
  readonly #isAppendOnly: boolean
  /** Where strings grow, and are written as well. */
  readonly growth: Growth | undefined
  /** By value: the optional cas that expect it, one of each class, and how many of them there are. */
  readonly #successors = new Map<number, Map<Step, number>>()
  #shortest = 0

  constructor(configuration: Configuration, numbers: ReadonlyMap<Step, number>) {
    this.#configuration = configuration
    this.#history = configuration.history
    this.#numbers = numbers
    const { definite, optional, has } = configuration.history
    for (const step of definite) {
      const value = seenBy(step)
      if (value === undefined || step.kind === 'failed cas') continue
      const others = this.#seers.get(value)
      if (others === undefined) this.#seers.set(value, [step])
      else others.push(step)
    }
    const first = new Map<number, Step>()
    for (const step of optional) {
      if (step.kind !== 'cas') continue
      if (!first.has(step.class)) first.set(step.class, step)
      const successors = this.#successors.get(step.expected) ?? new Map<Step, number>()
      const representative = first.get(step.class) ?? step
      this.#successors.set(step.expected, successors.set(representative, (successors.get(representative) ?? 0) + 1))
    }
    this.#isAppendOnly = has.append && !has.cas && !has.write
    this.growth = has.append && !this.#isAppendOnly ? new Growth(configuration, step => this.#isDone(step)) : undefined
    const texts = [...definite, ...optional].flatMap(step => {
      const value = has.append ? seenBy(step) : undefined
      return value === undefined ? [] : [{ text: configuration.history.textOf(value), step }]
    })
    this.#seen = texts.sort((a, b) => a.text.length - b.text.length)
  }

  /** False if this move cannot lead anywhere. */
  allows(move: Step, after: number): boolean {
    if (this.growth !== undefined) return this.growth.allows(move, after)
    if (this.#isAppendOnly) return true
    return this.#mayLeave(move, after) && this.#mayEnter(move, after)
  }

  /** Where there is nothing but appends and reads, strings only grow: each must be the beginning of the next that is read. */
  allowsPiece({ value, return: returned }: Step): boolean {
    if (!this.#isAppendOnly) return true
    const next = this.#nextSeen()
    if (next === undefined) return returned !== Infinity
    return next.startsWith(this.#history.textOf(value), this.#history.textOf(this.#configuration.state).length)
  }

  /** Some step that is left can see a string that begins with this one. */
  canBeSeen(state: number): boolean {
    if (this.growth === undefined || this.growth.isAlive(state)) return true
    // It can make that untrue which a cas says was not there.
    const before = this.#history.textOf(this.#configuration.state)
    return this.#seen.some(({ text, step }) => step.kind === 'failed cas' && !this.#isDone(step) && text.startsWith(before))
  }

  #isDone(step: Step): boolean {
    const number = this.#numbers.get(step)
    return number !== undefined && (this.#configuration.bits[number >> 5]! & (1 << (number & 31))) !== 0
  }

  /** The shortest text that is still to be read. */
  #nextSeen(): string | undefined {
    while (this.#shortest > 0 && !this.#isDone(this.#seen[this.#shortest - 1]!.step)) this.#shortest--
    while (this.#shortest < this.#seen.length && this.#isDone(this.#seen[this.#shortest]!.step)) this.#shortest++
    return this.#seen[this.#shortest]?.text
  }

  /** Nobody is left who must see what is there now and never will be again, nor anything that only comes of it. */
  #mayLeave(move: Step, after: number): boolean {
    const { state, needed, producers } = this.#configuration
    if (after === state || producers[state]! > 0) return true
    if (needed[state]! - (move.kind === 'cas' && move.return !== Infinity ? 1 : 0) > 0) return false
    return !this.#endsWith(state, after)
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

  /** If this is the last time that this value is there, it stays until the last who must see it has called: nothing else can be due before. */
  #mayEnter(move: Step, after: number): boolean {
    const { needed, producers } = this.#configuration
    if (producers[after]! - 1 > 0 || needed[after] === 0) return true
    const last = this.#seers.get(after)?.findLast(step => step !== move && !this.#isDone(step))
    if (last === undefined) return true
    for (const step of this.#configuration.returningBefore(last.call)) {
      if (step !== move && !(seenBy(step) === after ? step.kind === 'read' || step.value === after : step.kind === 'failed cas'))
        return false
    }
    return true
  }
}

function seenBy({ kind, value, expected }: Step): number | undefined {
  if (kind === 'read') return value
  return kind === 'cas' || kind === 'failed cas' ? expected : undefined
}
