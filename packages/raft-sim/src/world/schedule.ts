import type { Random } from '../random.ts'

/**
 * What happens when, in virtual milliseconds. A binary heap over three plain arrays. Events of the same moment run in an order drawn
 * from the seed: the order in which they were planned must not be something that the code under test can rely on.
 */
export class Schedule {
  now = 0
  readonly #random: Random
  readonly #times: number[] = []
  readonly #keys: number[] = []
  readonly #runs: (() => void)[] = []

  constructor(random: Random) {
    this.#random = random
  }

  /** When the next event is due; never, if nothing is planned. */
  get nextAt(): number {
    return this.#times[0] ?? Infinity
  }

  after(delayMs: number, run: () => void): void {
    const time = this.now + delayMs
    const key = this.#random.next()
    const times = this.#times
    const keys = this.#keys
    const runs = this.#runs
    let place = times.length
    times.push(time)
    keys.push(key)
    runs.push(run)
    while (place > 0) {
      const parent = (place - 1) >> 1
      const before = times[parent]! - time || keys[parent]! - key
      if (before <= 0) break
      times[place] = times[parent]!
      keys[place] = keys[parent]!
      runs[place] = runs[parent]!
      place = parent
    }
    times[place] = time
    keys[place] = key
    runs[place] = run
  }

  /** Runs the next event, and moves the clock to it. */
  step(): void {
    const run = this.#runs[0]
    if (run === undefined) throw new Error('nothing is planned: a simulated world never ends by itself')
    this.now = this.#times[0]!
    this.#removeFirst()
    run()
  }

  #removeFirst(): void {
    const times = this.#times
    const keys = this.#keys
    const runs = this.#runs
    const time = times.pop()!
    const key = keys.pop()!
    const run = runs.pop()!
    const size = times.length
    if (size === 0) return
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= size) break
      const other = child + 1
      if (other < size && (times[other]! - times[child]! || keys[other]! - keys[child]!) < 0) child = other
      if ((times[child]! - time || keys[child]! - key) >= 0) break
      times[place] = times[child]!
      keys[place] = keys[child]!
      runs[place] = runs[child]!
      place = child
    }
    times[place] = time
    keys[place] = key
    runs[place] = run
  }
}
