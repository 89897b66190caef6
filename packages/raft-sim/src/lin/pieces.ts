import type { Configuration } from './configuration.ts'
import type { KeyHistory, Step } from './key-history.ts'
import { unseen } from './key-history.ts'
import type { Seer, Seers } from './seers.ts'

/** What is appended, and who must see it within a text that has grown in one way only. */
export class Pieces {
  readonly #configuration: Configuration
  readonly #history: KeyHistory
  readonly #seers: Seers
  readonly #numbers: ReadonlyMap<Step, number>
  /** By piece: all appends of it, in the order of calls; and who cannot see what they must without it. */
  readonly #appends = new Map<number, Step[]>()
  readonly #needing = new Map<number, Seer[]>()

  constructor(configuration: Configuration, seers: Seers, numbers: ReadonlyMap<Step, number>) {
    this.#configuration = configuration
    this.#history = configuration.history
    this.#seers = seers
    this.#numbers = numbers
    for (const step of [...this.#history.definite, ...this.#history.optional]) {
      if (step.kind === 'append' && step.value !== unseen) push(this.#appends, step.value, step)
    }
    if (this.#appends.size === 0) return
    for (const seer of seers.all) {
      if (seer.kind !== 'must') continue
      const [first, ...others] = seer.roots.map(root => new Set(this.#piecesAfter(root, seer)))
      for (const piece of first ?? []) if (others.every(pieces => pieces.has(piece))) push(this.#needing, piece, seer)
    }
  }

  /** The earliest place at which somebody can have seen what they must, when it grows from this state; Infinity: never. */
  readyAt(seer: Seer, state: number): number {
    let ready = seer.step.call
    if (this.#appends.size === 0) return ready
    for (const piece of this.#piecesAfter(state, seer)) {
      const append = this.#appends.get(piece)?.find(step => !this.#isTaken(step))
      ready = Math.max(ready, append?.call ?? Infinity)
    }
    return ready
  }
  /** Takes the last piece away from somebody who needs it elsewhere. */
  isWasted(move: Step, after: number): boolean {
    const needing = move.kind === 'append' ? this.#needing.get(move.value) : undefined
    if (needing?.some(seer => !this.#seers.isDone(seer) && !this.#seers.sees(seer, after)) !== true) return false
    return this.#appends.get(move.value)!.every(step => step === move || this.#isTaken(step))
  }

  /** What must be appended; nothing if there is more than one way. */
  *#piecesAfter(state: number, { text }: Seer): Generator<number> {
    const { texts } = this.#history
    let at = this.#history.textOf(state).length
    if (texts.ways(text, at) !== 1) return
    while (at < text.length) {
      const piece = texts.pieceAt(text, at)
      yield this.#history.pieceOf(piece)
      at += piece.length
    }
  }
  #isTaken(step: Step): boolean {
    const { bits, used } = this.#configuration
    const number = this.#numbers.get(step)
    if (number !== undefined) return (bits[number >> 5]! & (1 << (number & 31))) !== 0
    const same = this.#appends.get(step.value)!.filter(({ return: returned }) => returned === Infinity)
    return same.indexOf(step) < used[step.class]!
  }
}

function push<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}
