import type { Clock } from '../ports.ts'

export type Backoff = {
  /** Wait after the second failure in a row; then it doubles. */
  readonly firstMs: number
  readonly maxMs: number
  /** A connection that lasted so long was a good one: after it, everything starts again. */
  readonly goodAfterMs: number
}

const defaultBackoff: Backoff = { firstMs: 50, maxMs: 2_000, goodAfterMs: 1_000 }

/**
 * When to dial again: at once after the first failure, since a refused connection is how a follower learns that its leader is gone;
 * then ever later, with jitter, so that the peers of a node that comes back do not arrive in one wave.
 */
export class Reconnect {
  readonly #clock: Clock
  readonly #backoff: Backoff
  #failures = 0
  #connectedAt: number | undefined

  constructor(clock: Clock, backoff: Backoff = defaultBackoff) {
    this.#clock = clock
    this.#backoff = backoff
  }

  connected(): void {
    this.#connectedAt = this.#clock.now()
  }

  /** The connection failed or broke: how long to wait now. */
  failed(): number {
    if (this.#wasGood()) this.#failures = 0
    this.#connectedAt = undefined
    const failures = this.#failures++
    if (failures === 0) return 0
    const delay = Math.min(this.#backoff.maxMs, this.#backoff.firstMs * 2 ** Math.min(failures - 1, 30))
    return delay * (0.5 + this.#clock.random() / 2)
  }

  /** One that is accepted and closed again and again must not be dialled in a tight loop. */
  #wasGood(): boolean {
    return this.#connectedAt !== undefined && this.#clock.now() - this.#connectedAt >= this.#backoff.goodAfterMs
  }
}
