import type { Clock, Timer } from '../../src/ports.ts'

type Event = { readonly at: number; readonly order: number; readonly run: () => void; readonly from: string }

/** Time that passes only in `run`: an event at a time, with everything that follows from it done before the next. */
export class VirtualClock implements Clock {
  #now = 0
  #order = 0
  #events: Event[] = []
  #seed: number
  /** For tests that look for timers that were left behind. Slow. */
  remembersOrigins = false

  constructor(seed = 42) {
    this.#seed = seed
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, run: () => void): Timer {
    const event = {
      at: this.#now + delayMs,
      order: ++this.#order,
      run,
      from: this.remembersOrigins ? `${new Error('set here').stack}` : '',
    }
    this.#events.push(event)
    return { cancel: () => this.#remove(event) }
  }

  random(): number {
    this.#seed = (this.#seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return this.#seed / 2_147_483_648
  }

  uniqueId(): string {
    return (++this.#order).toString(16).padStart(32, '0')
  }

  /** Where timers were set that are still to fire. */
  get pending(): readonly string[] {
    return this.#events.map(({ from }) => from)
  }

  async run(ms: number): Promise<void> {
    const until = this.#now + ms
    for (;;) {
      await settled()
      const next = this.#events.reduce<Event | undefined>((first, each) => (first && !isBefore(each, first) ? first : each), undefined)
      if (next === undefined || next.at > until) break
      this.#remove(next)
      this.#now = next.at
      next.run()
    }
    this.#now = until
  }

  /** Runs until it holds, or fails after so much virtual time. */
  async until(holds: () => boolean, limitMs = 20_000): Promise<void> {
    const end = this.#now + limitMs
    while (!holds()) {
      if (this.#now >= end) throw new Error(`did not come true within ${limitMs} ms`)
      await this.run(5)
    }
  }

  /** Runs until a promise settles, and passes its outcome on. */
  async outcome<T>(promise: Promise<T>, limitMs = 20_000): Promise<T> {
    let done = false
    const end = () => {
      done = true
    }
    promise.then(end, end)
    await this.until(() => done, limitMs)
    return promise
  }

  #remove(event: Event): void {
    this.#events = this.#events.filter(other => other !== event)
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
