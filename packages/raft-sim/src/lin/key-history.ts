import type { Operation, Value } from './operation.ts'
import { Texts } from './texts.ts'

/** What an operation does to a register. */
type Kind = 'read' | 'write' | 'cas' | 'failed cas' | 'append'

/** An operation as the search sees it: values are numbers, times are places in the order of all calls and returns. */
export type Step = {
  readonly kind: Kind
  /** What is read or written; for an append, the piece. */
  readonly value: number
  /** What a cas expects; otherwise -1. */
  readonly expected: number
  /** Equal for steps that do the same. */
  readonly class: number
  readonly call: number
  /** Infinity: it may take effect at any time after its call, or never. */
  readonly return: number
  readonly operation: Operation
}

export const absent = 0
/** All values that nobody sees, nor anything that they grow to: they are the same. */
export const unseen = 1

/** The history of one key, prepared for a search. */
export class KeyHistory {
  /** What must take effect, and what may; each in the order of calls. */
  readonly definite: readonly Step[]
  readonly optional: readonly Step[]
  /** Calls and returns, all together. */
  readonly events: number
  readonly classes: number
  readonly has: { readonly append: boolean; readonly cas: boolean; readonly write: boolean; readonly failedCas: boolean }
  readonly texts: Texts
  readonly #seen: ReadonlySet<Value>
  readonly #ids = new Map<Value, number>([[null, absent]])
  readonly #values: Value[] = [null, null]
  /** By state and piece: what an append makes of it. */
  readonly #grown = new Map<number, Map<number, number>>()

  constructor(operations: readonly Operation[]) {
    const relevant = relevantOf(operations)
    const any = (...kinds: Kind[]) => relevant.some(operation => kinds.includes(kindOf(operation)))
    this.has = { append: any('append'), cas: any('cas', 'failed cas'), write: any('write'), failedCas: any('failed cas') }
    this.#seen = seenValues(relevant)
    this.texts = new Texts(
      this.has.append ? [...this.#seen].map(textOf) : [],
      relevant.flatMap(operation => (operation.op === 'append' ? [operation.value] : [])),
    )
    const steps = this.#stepsOf(relevant)
    this.definite = steps.filter(step => step.return !== Infinity)
    this.optional = steps.filter(step => step.return === Infinity)
    this.events = this.definite.length * 2 + this.optional.length
    this.classes = 1 + steps.reduce((highest, step) => Math.max(highest, step.class), -1)
  }

  get values(): number {
    return this.#values.length
  }
  textOf(id: number): string {
    return textOf(this.#values[id] ?? null)
  }
  pieceOf(piece: string): number {
    return this.texts.someIncludes(piece) ? this.#nameOf(piece) : unseen
  }
  /** Appends, and nothing that could begin anew. */
  get isAppendOnly(): boolean {
    return this.has.append && !this.has.cas && !this.has.write
  }

  /** What this step makes of a state that it fits. */
  after({ kind, value }: Step, state: number): number {
    if (kind === 'write' || kind === 'cas') return value
    if (kind !== 'append') return state
    if (state === unseen || value === unseen) return unseen
    const ofState = this.#grown.get(state) ?? new Map<number, number>()
    let after = ofState.get(value)
    if (after === undefined) {
      after = this.#idOf(state === absent ? this.textOf(value) : this.textOf(state) + this.textOf(value))
      this.#grown.set(state, ofState.set(value, after))
    }
    return after
  }

  #stepsOf(operations: readonly Operation[]): Step[] {
    const places = placesOf(operations)
    const classes = new Map<string, number>()
    const steps = operations.map((operation, at): Step => {
      const kind = kindOf(operation)
      const value = operation.op === 'append' ? this.pieceOf(operation.value) : this.#idOf(operation.value)
      const expected = operation.op === 'cas' ? this.#idOf(operation.expected) : -1
      const name = `${kind} ${expected} ${value}`
      if (!classes.has(name)) classes.set(name, classes.size)
      return { kind, value, expected, class: classes.get(name)!, call: places.call[at]!, return: places.return[at]!, operation }
    })
    return steps.sort((a, b) => a.call - b.call)
  }
  #idOf(value: Value): number {
    const isSeen = this.#seen.has(value) || (this.has.append && this.texts.someBeginsWith(textOf(value)))
    return isSeen ? this.#nameOf(value) : unseen
  }
  #nameOf(value: Value): number {
    const known = this.#ids.get(value)
    if (known !== undefined) return known
    this.#ids.set(value, this.#values.length)
    return this.#values.push(value) - 1
  }
}

function textOf(value: Value): string {
  return value === null ? '' : String(value)
}

/** Values that were read or expected. */
function seenValues(operations: readonly Operation[]): Set<Value> {
  const seen = new Set<Value>()
  for (const operation of operations) {
    if (operation.op === 'read') seen.add(operation.value)
    if (operation.op === 'cas') seen.add(operation.expected)
  }
  return seen
}

/** Without what constrains nothing: a read whose answer nobody got; and a write or cas that may have been, if nobody saw it. */
function relevantOf(operations: readonly Operation[]): readonly Operation[] {
  let relevant = operations.filter(({ op, return: returned }) => op !== 'read' || returned !== null)
  // A cas that failed says that something else was there: that can be what nobody saw. And what was written may have grown.
  if (relevant.some(operation => operation.op === 'append' || kindOf(operation) === 'failed cas')) return relevant
  for (let before = -1; before !== relevant.length; ) {
    before = relevant.length
    const seen = seenValues(relevant)
    relevant = relevant.filter(({ return: returned, value }) => returned !== null || seen.has(value))
  }
  return relevant
}

function kindOf(operation: Operation): Kind {
  if (operation.op === 'cas' && operation.return !== null && !operation.ok) return 'failed cas'
  return operation.op
}

/** Calls come before returns of the same moment: such operations overlap. */
function placesOf(operations: readonly Operation[]): { readonly call: readonly number[]; readonly return: readonly number[] } {
  const events = operations.flatMap(({ call, return: returned }, at) =>
    returned === null
      ? [{ at, time: call, returns: 0 }]
      : [
          { at, time: call, returns: 0 },
          { at, time: returned, returns: 1 },
        ],
  )
  events.sort((a, b) => a.time - b.time || a.returns - b.returns || a.at - b.at)
  const places = { call: operations.map(() => 0), return: operations.map(() => Infinity) }
  for (const [place, { at, returns }] of events.entries()) places[returns === 0 ? 'call' : 'return'][at] = place
  return places
}
