import type { Index, Position, Term } from 'raft-core'
import type { Applied } from './api.ts'
import { RaftError } from './errors.ts'
import type { Clock } from './ports.ts'
import { type Deadline, Wait } from './wait.ts'
import { Waits } from './waits.ts'

/** What came of one applied entry: the state machine's answer, or what it threw. `appliedAt`: the command was applied before, there. */
export type EntryOutcome<Result> = { readonly result: Result; readonly appliedAt?: Position } | { readonly error: Error }

/**
 * Callers who proposed an entry and wait for what becomes of it. Losing leadership settles nobody: the entry may still be committed
 * by the next leader, and only the entry that is applied at its index tells.
 */
export class Pending<Result> {
  readonly #waits: Waits
  readonly #byIndex = new Map<Index, Caller<Result>>()
  #stopped: Error | undefined

  constructor(clock: Clock) {
    this.#waits = new Waits(clock)
  }

  /** Indices that somebody waits for. */
  get size(): number {
    return this.#byIndex.size
  }

  /** Waits until an entry is applied at this index. A position names one entry, so the term there decides whether it is ours. */
  add(position: Position, deadline: Deadline): Promise<Applied<Result>> {
    const caller = new Caller<Result>(deadline)
    this.place(caller, position)
    return caller.promise
  }

  /** The same for a caller that had no position before. */
  place(caller: Caller<Result>, { index, term }: Position): void {
    if (this.#stopped !== undefined) return caller.reject(this.#stopped)
    caller.index = index
    caller.term = term
    caller.owner = this
    // An index can be proposed at twice: lost with leadership, then reached again in a later term before anything was applied there.
    caller.earlier = this.#byIndex.get(index)
    this.#byIndex.set(index, caller)
    this.#waits.start(caller)
  }

  /** An entry was applied: whoever waits at its index now knows. */
  applied(position: Position, outcome: EntryOutcome<Result>): void {
    let caller = this.#byIndex.get(position.index)
    if (caller === undefined) return
    this.#byIndex.delete(position.index)
    for (; caller !== undefined; caller = caller.earlier) settle(caller, position, outcome)
  }

  /** A snapshot took the place of everything up to here: what was applied in it cannot be seen any more. */
  skipped(upTo: Index): void {
    for (const [index, callers] of this.#byIndex) {
      if (index > upTo) continue
      this.#byIndex.delete(index)
      for (const caller of withEarlier(callers)) caller.reject(hidden(index))
    }
  }

  /** Nobody will ever be told: the node stops. */
  stop(error: Error): void {
    this.#stopped = error
    for (const callers of this.#byIndex.values()) for (const caller of withEarlier(callers)) caller.reject(error)
    this.#byIndex.clear()
  }

  remove(caller: Caller<Result>): void {
    const { index } = caller
    const [newest, ...others] = withEarlier(this.#byIndex.get(index)).filter(other => other !== caller)
    if (newest === undefined) return void this.#byIndex.delete(index)
    this.#byIndex.set(index, newest)
    let later = newest
    for (const other of [...others, undefined]) {
      later.earlier = other
      if (other !== undefined) later = other
    }
  }
}

/** One who waits for what becomes of an entry. */
export class Caller<Result> extends Wait<Applied<Result>> {
  index: Index = 0
  term: Term = 0
  owner: Pending<Result> | undefined
  /** Who waits at the same index, of an earlier term. */
  earlier: Caller<Result> | undefined

  protected timedOut(): Error {
    return timedOut(this.deadline)
  }

  protected forget(): void {
    this.owner?.remove(this)
  }
}

function withEarlier<Result>(newest: Caller<Result> | undefined): Caller<Result>[] {
  const callers: Caller<Result>[] = []
  for (let caller = newest; caller !== undefined; caller = caller.earlier) callers.push(caller)
  return callers
}

function settle<Result>(caller: Caller<Result>, { term, index }: Position, outcome: EntryOutcome<Result>): void {
  if (caller.term !== term) caller.reject(replaced(index))
  else if ('error' in outcome) caller.reject(outcome.error)
  else if (outcome.appliedAt === undefined) caller.resolve({ index, term, result: outcome.result })
  else caller.resolve({ index: outcome.appliedAt.index, term: outcome.appliedAt.term, result: outcome.result })
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
