import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'

export const liveness: Invariant = {
  name: 'liveness',
  section: '3.14',
  paper: '§5.6, §9.3',
  statement:
    'After all faults are over, the cluster elects a leader, serves writes and reads, brings all members level, and then stays calm.',
}

/** What is still missing, in words; undefined when nothing is. Asked for only while it matters: it is looked at often. */
export type Recovery = {
  /** Until one leader has served a fresh write and a fresh read. */
  serving(): string | undefined
  /** Until all members have the same log, membership and state. */
  level(): string | undefined
  /** The terms of all members; once all is well they do not change any more. */
  readonly terms: string
}

/** Follows a healed cluster through three stages, each with its deadline. */
export class LivenessWatch {
  readonly #timeoutMs: number
  #deadline: number
  readonly #backlogMs: number
  #stage: 'serving' | 'level' | 'calm' = 'serving'
  #terms = ''

  /** `timeoutMs`: the longest election timeout. `backlogMs`: what catching up can take within the limits of this run. */
  constructor(now: number, timeoutMs: number, backlogMs: number) {
    this.#timeoutMs = timeoutMs
    this.#backlogMs = backlogMs
    this.#deadline = now + 20 * timeoutMs + backlogMs
  }

  /** True once all stages are passed. */
  look(now: number, recovery: Recovery): boolean {
    if (this.#stage === 'serving') {
      const missing = recovery.serving()
      if (missing !== undefined) return this.#wait(now, missing)
      this.#stage = 'level'
      this.#deadline = now + 20 * this.#timeoutMs + this.#backlogMs
    }
    if (this.#stage === 'level') {
      const missing = recovery.level()
      if (missing !== undefined) return this.#wait(now, missing)
      this.#stage = 'calm'
      this.#terms = recovery.terms
      this.#deadline = now + 10 * this.#timeoutMs
    }
    if (recovery.terms !== this.#terms) {
      throw new Violation(liveness.name, undefined, `the term changes although nothing is wrong: ${this.#terms} to ${recovery.terms}`)
    }
    return now >= this.#deadline
  }

  #wait(now: number, missing: string): false {
    if (now < this.#deadline) return false
    throw new Violation(liveness.name, undefined, `nothing is wrong any more, but: ${missing}`)
  }
}
