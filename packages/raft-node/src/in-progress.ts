/** Counts what callers wait for, so that closing can wait until they have their answers. */
export class InProgress {
  #count = 0
  #idle: (() => void)[] = []

  async run<T>(work: Promise<T>): Promise<T> {
    this.#count += 1
    try {
      return await work
    } finally {
      this.#count -= 1
      if (this.#count === 0) for (const resolve of this.#idle.splice(0)) resolve()
    }
  }

  whenIdle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise(resolve => this.#idle.push(resolve))
  }
}
