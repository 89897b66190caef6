import type { Clock, HandshakeRefusal, Hello, TransportEvents } from '../ports.ts'

const quietMs = 60_000
/** However many strangers there are, a log gets no more than this per minute. */
const reportsMax = 256

/** Passes mismatches on, the same one at most once a minute: a misconfigured peer dials for ever. */
export class MismatchReports {
  readonly #clock: Clock
  readonly #report: TransportEvents['mismatch']
  readonly #reportedAt = new Map<string, number>()

  constructor(clock: Clock, report: TransportEvents['mismatch']) {
    this.#clock = clock
    this.#report = report
  }

  report(theirs: Hello | undefined, reason: HandshakeRefusal, direction: 'in' | 'out', remote: string, by: 'us' | 'them'): void {
    const now = this.#clock.now()
    // Insertion order is the order in time.
    for (const [key, at] of this.#reportedAt) {
      if (now - at < quietMs) break
      this.#reportedAt.delete(key)
    }
    const key = [direction, by, reason, direction === 'in' ? hostOf(remote) : remote, theirs?.nodeId].join(' ')
    if (this.#reportedAt.has(key) || this.#reportedAt.size >= reportsMax) return
    this.#reportedAt.set(key, now)
    this.#report(theirs, reason, direction, remote, by)
  }
}

/** The port of one who dials is new every time. */
function hostOf(remote: string): string {
  return remote.slice(0, remote.lastIndexOf(':'))
}
