import type { Configuration } from './configuration.ts'
import type { KeyHistory, Step } from './key-history.ts'

/** Somebody who must see a text, or may expect it. */
type Seer = { readonly text: string; readonly step: Step; readonly mustSee: boolean; readonly roots: readonly number[] }

/**
 * Looks ahead where strings grow by appends and are begun anew by writes. A text is alive while somebody is left who sees it, or something
 * that it can grow to; what is dead stays dead until the next write, and all that is dead is the same.
 */
export class Growth {
  readonly #configuration: Configuration
  readonly #history: KeyHistory
  readonly #isDone: (step: Step) => boolean
  /** In the order of texts: all that begin alike stand together. */
  readonly #seers: readonly Seer[]
  readonly #written: ReadonlyMap<string, readonly number[]>

  constructor(configuration: Configuration, isDone: (step: Step) => boolean) {
    this.#configuration = configuration
    this.#history = configuration.history
    this.#isDone = isDone
    const { definite, optional } = configuration.history
    this.#written = this.#writtenTexts([...definite, ...optional])
    this.#seers = [...definite, ...optional]
      .flatMap(step => {
        const value = step.kind === 'read' ? step.value : step.kind === 'cas' || step.kind === 'failed cas' ? step.expected : undefined
        if (value === undefined) return []
        const text = this.#history.textOf(value)
        const mustSee = step.return !== Infinity && step.kind !== 'failed cas'
        return [{ text, step, mustSee, roots: mustSee ? this.#rootsOf(text) : [] }]
      })
      .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
  }

  #writtenTexts(steps: readonly Step[]): Map<string, number[]> {
    const written = new Map<string, number[]>()
    for (const { kind, value } of steps) {
      if (kind !== 'write' && kind !== 'cas') continue
      const text = this.#history.textOf(value)
      const ids = written.get(text)
      if (ids === undefined) written.set(text, [value])
      else if (!ids.includes(value)) ids.push(value)
    }
    return written
  }
  /** Values that can be written and grow to this text. */
  #rootsOf(text: string): number[] {
    const roots: number[] = []
    for (let length = 0; length <= text.length; length++) roots.push(...(this.#written.get(text.slice(0, length)) ?? []))
    return roots
  }

  /** Whether a state can still be seen as it is, or once it has grown. */
  isAlive(state: number): boolean {
    for (const { step } of this.#grownFrom(this.#history.textOf(state))) if (!this.#isDone(step)) return true
    return false
  }
  /** Wherever it is done, its outcome is dead, and nobody is left who would see a part of it. */
  isInvisible({ kind, value }: Step): boolean {
    if (kind === 'write') return !this.isAlive(value)
    const piece = this.#history.textOf(value)
    return kind === 'append' && !this.#seers.some(({ text, step }) => text.includes(piece) && !this.#isDone(step))
  }

  /** False if somebody who must see the state, or what it could have grown to, never will after this move. */
  allows(move: Step, after: number): boolean {
    const { state, producers } = this.#configuration
    const grown = this.#history.textOf(after)
    for (const { text, step, mustSee, roots } of this.#grownFrom(this.#history.textOf(state))) {
      if (!mustSee || step === move || text.startsWith(grown) || this.#isDone(step)) continue
      if (!roots.some(root => producers[root]! > 0)) return false
    }
    return true
  }
  /** When the first of those who must see what this state can grow to must have seen it. */
  due(state: number): number {
    let due = Infinity
    for (const { step, mustSee } of this.#grownFrom(this.#history.textOf(state))) {
      if (mustSee && step.return < due && !this.#isDone(step)) due = step.return
    }
    return due
  }

  *#grownFrom(text: string): Generator<Seer> {
    const seers = this.#seers
    let low = 0
    let high = seers.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (seers[middle]!.text < text) low = middle + 1
      else high = middle
    }
    for (; low < seers.length && seers[low]!.text.startsWith(text); low++) yield seers[low]!
  }
}
