import type { Operation, Value } from './operation.ts'

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

/** The history of one key, prepared for a search. */
export class KeyHistory {
  /** What must take effect, and what may; each in the order of calls. */
  readonly definite: readonly Step[]
  readonly optional: readonly Step[]
  /** Calls and returns, all together. */
  readonly events: number
  readonly classes: number
  readonly has: { readonly append: boolean; readonly cas: boolean; readonly write: boolean }
  readonly #ids = new Map<Value, number>([[null, absent]])
  readonly #values: Value[] = [null]

  constructor(operations: readonly Operation[]) {
    // A read whose answer nobody got constrains nothing.
    const relevant = operations.filter(({ op, return: returned }) => op !== 'read' || returned !== null)
    const places = placesOf(relevant)
    const classes = new Map<string, number>()
    const steps = relevant.map((operation, at): Step => {
      const kind = kindOf(operation)
      const value = this.idOf(operation.value)
      const expected = operation.op === 'cas' ? this.idOf(operation.expected) : -1
      const name = `${kind} ${expected} ${value}`
      if (!classes.has(name)) classes.set(name, classes.size)
      return { kind, value, expected, class: classes.get(name)!, call: places.call[at]!, return: places.return[at]!, operation }
    })
    steps.sort((a, b) => a.call - b.call)
    this.definite = steps.filter(step => step.return !== Infinity)
    this.optional = steps.filter(step => step.return === Infinity)
    this.events = this.definite.length * 2 + this.optional.length
    this.classes = classes.size
    const any = (...kinds: Kind[]) => steps.some(({ kind }) => kinds.includes(kind))
    this.has = { append: any('append'), cas: any('cas', 'failed cas'), write: any('write') }
  }

  get values(): number {
    return this.#values.length
  }
  idOf(value: Value): number {
    const known = this.#ids.get(value)
    if (known !== undefined) return known
    this.#ids.set(value, this.#values.length)
    return this.#values.push(value) - 1
  }
  textOf(id: number): string {
    const value = this.#values[id]
    return value === null || value === undefined ? '' : String(value)
  }
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
