import type { Limits } from './limits.ts'
import { Refusal } from './refusal.ts'

/** What is in progress on a server, and what is too much: refused at once, before everybody waits. */
export class Load {
  readonly #limits: Limits
  requests = 0
  waiters = 0
  bodyBytes = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** @throws Refusal 429. */
  begin(): void {
    if (this.requests >= this.#limits.requestsMax) throw overloaded(`${this.requests} requests are in progress`)
    this.requests++
  }
  end(): void {
    this.requests--
  }

  /** Whether one more may wait for something to happen. */
  get hasRoomToWait(): boolean {
    return this.waiters < this.#limits.waitersMax
  }

  /** @throws Refusal 429. */
  checkWait(): void {
    if (!this.hasRoomToWait) throw overloaded(`${this.waiters} requests wait for something to happen`)
  }

  /** A request that will wait: it does nothing meanwhile, and is counted by itself. @throws Refusal 429. */
  wait(): void {
    this.checkWait()
    this.waiters++
    this.requests--
  }
  waited(): void {
    this.waiters--
    this.requests++
  }

  /** @throws Refusal 429. */
  addBody(bytes: number): void {
    if (this.bodyBytes + bytes > this.#limits.bodiesBytesMax) throw overloaded('the bodies of other requests fill the memory')
    this.bodyBytes += bytes
  }
  removeBody(bytes: number): void {
    this.bodyBytes -= bytes
  }
}

function overloaded(why: string): Refusal {
  return new Refusal(429, 'OVERLOADED', `${why}: slow down and try again, or ask another node`)
}
