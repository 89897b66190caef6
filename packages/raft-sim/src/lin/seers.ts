import type { Configuration } from './configuration.ts'
import type { KeyHistory, Step } from './key-history.ts'
import { absent, unseen } from './key-history.ts'
import { firstAtLeast } from './texts.ts'

/** Somebody who sees a value. */
export type Seer = {
  readonly step: Step
  /** The number of a definite step, -1 for an optional one: that is never done with. */
  readonly number: number
  readonly value: number
  readonly text: string
  /** It must be there for the step; it must not; or something optional could follow. */
  readonly kind: 'must' | 'must not' | 'may'
  /** Values that can be written and grow to this one. */
  readonly roots: readonly number[]
}

const none: readonly Seer[] = []

/** Who sees a state, or what it can grow to by appends. Being done with is looked up in the configuration; all else stays the same. */
export class Seers {
  readonly all: readonly Seer[]
  readonly #configuration: Configuration
  readonly #history: KeyHistory
  /** Of all texts that are written. */
  readonly #lengths: readonly number[]
  readonly #ofState = new Map<number, readonly Seer[]>()
  readonly #ofPiece = new Map<number, readonly Seer[]>()

  constructor(configuration: Configuration) {
    this.#configuration = configuration
    this.#history = configuration.history
    const { definite, optional } = this.#history
    const written = this.#writtenTexts([...definite, ...optional])
    this.#lengths = [...new Set([...written.keys()].map(text => text.length))]
    const roots = new Map<number, readonly number[]>()
    this.all = [...definite.entries(), ...optional.map((step): [number, Step] => [-1, step])]
      .flatMap(([number, step]): Seer[] => {
        const kind = seeing(step)
        if (kind === undefined) return []
        const value = step.kind === 'read' ? step.value : step.expected
        const text = this.#history.has.append ? this.#history.textOf(value) : ''
        if (!roots.has(value)) roots.set(value, this.#rootsOf(value, text, written))
        return [{ step, number, value, text, kind, roots: roots.get(value)! }]
      })
      .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    if (this.#history.has.append) return
    for (const seer of this.all) {
      const others = this.#ofState.get(seer.value) as Seer[] | undefined
      if (others === undefined) this.#ofState.set(seer.value, [seer])
      else others.push(seer)
    }
  }

  isDone({ number }: Seer): boolean {
    return number >= 0 && (this.#configuration.bits[number >> 5]! & (1 << (number & 31))) !== 0
  }

  /** All who see this state or what it can grow to, also those who are done. */
  of(state: number): readonly Seer[] {
    if (state === unseen) return none
    const known = this.#ofState.get(state)
    if (known !== undefined || !this.#history.has.append) return known ?? none
    const text = this.#history.textOf(state)
    const found: Seer[] = []
    for (let at = firstAtLeast(this.all, text, seer => seer.text); this.all[at]?.text.startsWith(text) === true; at++) {
      if (this.#history.texts.ways(this.all[at]!.text, text.length) > 0) found.push(this.all[at]!)
    }
    this.#ofState.set(state, found)
    return found
  }
  /** This one sees the state, or what it can grow to. */
  sees(seer: Seer, state: number): boolean {
    if (seer.value === state || state === unseen || !this.#history.has.append) return seer.value === state
    const text = this.#history.textOf(state)
    return seer.text.startsWith(text) && this.#history.texts.ways(seer.text, text.length) > 0
  }
  /** A state can still be seen as it is, or once it has grown. */
  isAlive(state: number): boolean {
    return this.of(state).some(seer => !this.isDone(seer))
  }
  /** Some text that is still to be seen may hold this piece. */
  #isPieceSeen(piece: number): boolean {
    if (piece === unseen) return false
    let seers = this.#ofPiece.get(piece)
    if (seers === undefined) {
      const text = this.#history.textOf(piece)
      seers = this.all.filter(seer => seer.text.includes(text))
      this.#ofPiece.set(piece, seers)
    }
    return seers.some(seer => !this.isDone(seer))
  }
  /** Wherever it is done, nobody is left who would see what comes of it. */
  isInvisible({ kind, value }: Step): boolean {
    return kind === 'write' ? !this.isAlive(value) : kind === 'append' && !this.#isPieceSeen(value)
  }
  /** What it must see can be begun by somebody who is left. */
  canBegin(seer: Seer): boolean {
    return seer.roots.some(root => this.#configuration.producers[root]! > 0)
  }

  #writtenTexts(steps: readonly Step[]): Map<string, number[]> {
    const written = new Map<string, number[]>()
    for (const { kind, value } of steps) {
      if ((kind !== 'write' && kind !== 'cas') || value === unseen) continue
      const text = this.#history.textOf(value)
      const ids = written.get(text)
      if (ids === undefined) written.set(text, [value])
      else if (!ids.includes(value)) ids.push(value)
    }
    return written
  }
  #rootsOf(value: number, text: string, written: ReadonlyMap<string, readonly number[]>): readonly number[] {
    if (!this.#history.has.append) return [value]
    const roots: number[] = []
    for (const length of this.#lengths) {
      const ids = length <= text.length ? written.get(text.slice(0, length)) : undefined
      if (ids !== undefined && this.#history.texts.ways(text, length) > 0) roots.push(...ids)
    }
    // Nothing and the empty text look the same, and an empty piece makes one of the other.
    return text === '' && !roots.includes(absent) ? [...roots, absent] : roots
  }
}

function seeing(step: Step): Seer['kind'] | undefined {
  if (step.kind === 'failed cas') return 'must not'
  if (step.kind === 'read') return 'must'
  if (step.kind !== 'cas') return undefined
  if (step.return !== Infinity) return 'must'
  return step.value === unseen ? undefined : 'may'
}
