import type { Configuration } from './configuration.ts'
import type { Step } from './key-history.ts'

/** The steps that may take effect, or not. */
export class Optional {
  readonly #configuration: Configuration
  /** In the order of calls. */
  readonly #byClass = new Map<number, Step[]>()

  constructor(configuration: Configuration) {
    this.#configuration = configuration
    for (const step of configuration.history.optional) {
      const others = this.#byClass.get(step.class)
      if (others === undefined) this.#byClass.set(step.class, [step])
      else others.push(step)
    }
  }

  /** The first of each class that was called before the frontier. */
  *available(frontier: number): Generator<Step> {
    for (const group of this.#byClass.keys()) {
      const step = this.#first(group, frontier)
      if (step !== undefined) yield step
    }
  }
  #first(group: number, frontier: number): Step | undefined {
    const step = this.#byClass.get(group)?.[this.#configuration.used[group]!]
    return step !== undefined && step.call < frontier ? step : undefined
  }
}
