/** What every batch of runs must have seen at least once: a simulation in which nothing went wrong has shown nothing. */
export const required = [
  'leader change',
  'committed write',
  'linearizable read',
  'membership change',
  'installed snapshot',
  'crash',
] as const

/** What else is counted, for the reader of the report. */
const counted = [
  'read on a follower',
  'read by lease',
  'expired read',
  'refused proposal',
  'joint membership',
  'learner',
  'removed leader',
  'leader left',
  'transfer',
  'forgotten leader',
  'restart',
  'pause',
  'partition',
  'lost message',
  'repeated message',
  'late message',
  'lost write',
  'snapshot taken',
  'cut transfer',
  'resumed transfer',
  'compaction',
  'truncation',
  'overlapping saves',
  'join',
  'lost folder',
  'wiped folder refused',
  'replace',
  'forwarded write',
  'stale read',
  'age of data told',
  'definite failure',
  'unknown outcome',
  'graceful close',
  'slow disk',
  'full disk',
  'failing disk',
  'damaged log',
  'old folder',
  'old folder told',
  'repair',
  'repair in quiet',
  'only a quorum healed',
  'command of a session',
  'command answered again',
  'expired session',
  'batch',
  'compared membership',
  'divergence told',
  'kept by the state machine',
  'forgotten answer',
  'settings changed',
  'invited member',
  'replaced by name',
  'restored state',
  'read by index',
  'verified leader',
  'bounded stale read',
  'too stale',
  'membership told',
] as const

export type Mark = (typeof required)[number] | (typeof counted)[number]
export const marks: readonly Mark[] = [...required, ...counted]

/** Counts how often each situation was met. */
export class Coverage {
  readonly #counts = new Map<Mark, number>()

  saw(mark: Mark): void {
    this.#counts.set(mark, (this.#counts.get(mark) ?? 0) + 1)
  }
  count(mark: Mark): number {
    return this.#counts.get(mark) ?? 0
  }
  /** For another process. */
  counts(): readonly (readonly [Mark, number])[] {
    return [...this.#counts]
  }
  static of(counts: readonly (readonly [Mark, number])[]): Coverage {
    const coverage = new Coverage()
    for (const [mark, count] of counts) coverage.#counts.set(mark, count)
    return coverage
  }
  add(other: Coverage): void {
    for (const [mark, count] of other.#counts) this.#counts.set(mark, this.count(mark) + count)
  }
}
