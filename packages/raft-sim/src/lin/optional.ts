import type { Configuration } from './configuration.ts'
import type { Step } from './key-history.ts'

/** The steps that may take effect, or not. */
export class Optional {
  readonly #configuration: Configuration
  /** In the order of calls. */
  readonly #byClass = new Map<number, Step[]>()
  readonly #writes = new Map<number, number>()
  readonly #expected = new Set<number>()

  constructor(configuration: Configuration) {
    this.#configuration = configuration
    for (const step of configuration.history.optional) {
      const others = this.#byClass.get(step.class)
      if (others === undefined) this.#byClass.set(step.class, [step])
      else others.push(step)
      if (step.kind === 'write') this.#writes.set(step.value, step.class)
      if (step.kind === 'cas') this.#expected.add(step.expected)
    }
  }

  /** Some optional cas expects this value. */
  isExpected(value: number): boolean {
    return this.#expected.has(value)
  }
  /** One that writes this value, if it was called before the frontier. */
  writer(value: number, frontier: number): Step | undefined {
    const group = this.#writes.get(value)
    return group === undefined ? undefined : this.#first(group, frontier)
  }
  /** The first of each class that was called before the frontier. */
  *available(frontier: number): Generator<Step> {
    for (const group of this.#byClass.keys()) {
      const step = this.#first(group, frontier)
      if (step !== undefined) yield step
    }
  }
  /** Classes that can still make a difference; where there is nothing but reads and writes, only those whose value must be seen. */
  *thatMatter(isPlain: boolean): Generator<number> {
    const { needed } = this.#configuration
    for (const [group, [step]] of this.#byClass) if (!isPlain || needed[step!.value]! > 0) yield group
  }

  #first(group: number, frontier: number): Step | undefined {
    const step = this.#byClass.get(group)?.[this.#configuration.used[group]!]
    return step !== undefined && step.call < frontier ? step : undefined
  }
}
