import type { KeyHistory, Step } from './key-history.ts'
import { absent } from './key-history.ts'

/**
 * The first step, by its return, that saw a value which cannot have been there: nobody had produced it, or after everybody who had,
 * and before the step, something else was there for certain. A necessary condition, in nearly linear time: most histories that are
 * wrong fail it, and then no search is needed.
 */
export function impossibleStep(history: KeyHistory): Step | undefined {
  if (history.has.append) return undefined
  const producers = producersOf(history)
  const evidence = new Evidence()
  const order = history.definite.flatMap(step => [
    { place: step.call, step, returns: false },
    { place: step.return, step, returns: true },
  ])
  order.sort((a, b) => a.place - b.place)
  let first: Step | undefined
  for (const { step, returns } of order) {
    if (returns) evidence.add(step)
    else if (!isPossible(step, producers, evidence) && (first === undefined || step.return < first.return)) first = step
  }
  return first
}

/** When a value may have come about: from the call on, at the latest at the return. */
type Producer = Pick<Step, 'call' | 'return'>

function producersOf({ definite, optional }: KeyHistory): Map<number, Producer[]> {
  const producers = new Map<number, Producer[]>([[absent, [{ call: -1, return: -1 }]]])
  for (const step of [...definite, ...optional]) {
    if (step.kind !== 'write' && step.kind !== 'cas') continue
    const others = producers.get(step.value)
    if (others === undefined) producers.set(step.value, [step])
    else others.push(step)
  }
  return producers
}

function isPossible(step: Step, producers: ReadonlyMap<number, readonly Producer[]>, evidence: Evidence): boolean {
  const sees = step.kind === 'read' ? step.value : step.kind === 'cas' ? step.expected : undefined
  if (sees === undefined) return true
  const gone = evidence.latestWithout(sees)
  return producers.get(sees)?.some(producer => producer !== step && producer.call < step.return && producer.return >= gone) === true
}

/** What steps that have ended show: at some time between call and return, something was there. */
class Evidence {
  /** The latest call of a step that shows a value, and the latest one that shows another value than that. */
  #latest = { call: -1, value: -1 }
  #other = { call: -1, value: -1 }
  /** By value: the latest call of a step that shows that it was not there. */
  readonly #without = new Map<number, number>()

  add({ kind, value, expected, call }: Step): void {
    if (kind === 'failed cas') this.#without.set(expected, Math.max(call, this.#without.get(expected) ?? -1))
    else {
      this.#shows(call, value)
      if (kind === 'cas') this.#shows(call, expected)
    }
  }
  /** The latest call after which this value was not there, for certain, at some time before now. */
  latestWithout(value: number): number {
    const other = this.#latest.value === value ? this.#other.call : this.#latest.call
    return Math.max(other, this.#without.get(value) ?? -1)
  }

  #shows(call: number, value: number): void {
    if (value === this.#latest.value) this.#latest.call = Math.max(call, this.#latest.call)
    else if (call > this.#latest.call) {
      this.#other = this.#latest
      this.#latest = { call, value }
    } else if (call > this.#other.call) this.#other = { call, value }
  }
}
