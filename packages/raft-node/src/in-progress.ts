/** Counts what callers wait for, so that closing can wait until they have their answers. */
export class InProgress {
  #count = 0
  #idle: (() => void)[] = []

  /** The same promise: another one would let the caller wait a little longer. */
  run<T>(work: Promise<T>): Promise<T> {
    this.#count += 1
    work.then(this.#ended, this.#ended)
    return work
  }

  whenIdle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise(resolve => this.#idle.push(resolve))
  }

  readonly #ended = (): void => {
    this.#count -= 1
    if (this.#count === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
