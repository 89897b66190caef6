/**
 * Runs steps one after the other, in the order in which they are given. One that finds nobody before it begins at once, and not a few
 * microtasks later: a save is made of several of these, and whoever waits for it waits for each.
 */
export class OneByOne {
  #last: Promise<void> | undefined

  /** Settles as the step does. One that fails holds up nobody behind it. */
  run<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#last === undefined ? step() : this.#last.then(step)
    const ended = () => {
      if (this.#last === last) this.#last = undefined
    }
    const last = done.then(ended, ended)
    this.#last = last
    return done
  }

  /** Resolves once all that was given by now has ended. */
  async idle(): Promise<void> {
    await this.#last
  }
}
