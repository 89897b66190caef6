import type { Index, Position, Term } from 'raft-core'
import type { Applied } from './api.ts'
import { RaftError } from './errors.ts'
import type { Clock } from './ports.ts'
import { type Deadline, Wait } from './wait.ts'

/** What came of one applied entry: the state machine's answer, or what it threw. `appliedAt`: the command was applied before, there. */
export type EntryOutcome<Result> = { readonly result: Result; readonly appliedAt?: Position } | { readonly error: Error }

type Caller<Result> = { readonly term: Term; readonly wait: Wait<Applied<Result>> }

/**
 * Callers who proposed an entry and wait for what becomes of it. Losing leadership settles nobody: the entry may still be committed
 * by the next leader, and only the entry that is applied at its index tells.
 */
export class Pending<Result> {
  readonly #clock: Clock
  readonly #byIndex = new Map<Index, Caller<Result>[]>()
  #stopped: Error | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Indices that somebody waits for. */
  get size(): number {
    return this.#byIndex.size
  }

  /** Waits until an entry is applied at this index. A position names one entry, so the term there decides whether it is ours. */
  add(position: Position, deadline: Deadline): Promise<Applied<Result>> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped)
    const { index, term } = position
    const wait: Wait<Applied<Result>> = new Wait(
      this.#clock,
      deadline,
      () => timedOut(deadline),
      () => this.#remove(index, caller),
    )
    const caller = { term, wait }
    const callers = this.#byIndex.get(index)
    // An index can be proposed at twice: lost with leadership, then reached again in a later term before anything was applied there.
    if (callers === undefined) this.#byIndex.set(index, [caller])
    else callers.push(caller)
    return wait.promise
  }

  /** An entry was applied: whoever waits at its index now knows. */
  applied(position: Position, outcome: EntryOutcome<Result>): void {
    const callers = this.#byIndex.get(position.index)
    if (callers === undefined) return
    this.#byIndex.delete(position.index)
    for (const { term, wait } of callers) {
      if (term !== position.term) wait.reject(replaced(position.index))
      else if ('error' in outcome) wait.reject(outcome.error)
      else
        wait.resolve({ index: outcome.appliedAt?.index ?? position.index, term: outcome.appliedAt?.term ?? term, result: outcome.result })
    }
  }

  /** A snapshot took the place of everything up to here: what was applied in it cannot be seen any more. */
  skipped(upTo: Index): void {
    for (const [index, callers] of this.#byIndex) {
      if (index > upTo) continue
      this.#byIndex.delete(index)
      for (const { wait } of callers) wait.reject(hidden(index))
    }
  }

  /** Nobody will ever be told: the node stops. */
  stop(error: Error): void {
    this.#stopped = error
    for (const callers of this.#byIndex.values()) for (const { wait } of callers) wait.reject(error)
    this.#byIndex.clear()
  }

  #remove(index: Index, caller: Caller<Result>): void {
    const left = this.#byIndex.get(index)?.filter(other => other !== caller) ?? []
    if (left.length === 0) this.#byIndex.delete(index)
    else this.#byIndex.set(index, left)
  }
}

function timedOut({ timeoutMs }: Deadline): RaftError {
  return new RaftError('TIMED_OUT', `not applied within ${timeoutMs} ms; it may still be: look before you repeat it`)
}

function replaced(index: Index): RaftError {
  return new RaftError('ENTRY_REPLACED', `another leader's entry took its place at index ${index}: it is safe to repeat`)
}

function hidden(index: Index): RaftError {
  return new RaftError(
    'LEADERSHIP_LOST',
    `a snapshot covers index ${index}, so nobody can tell whether it was applied: look before you repeat it`,
  )
}
