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
 *
 * They stand in a line in the order of their indices, which is nearly always the one in which they come and go. In a map they would grow
 * old: V8 makes its table anew every few hundred changes, and each old table points to the next one and to all who stood in it, so that
 * once one of them has survived as garbage, all later ones do, until the next collection of the whole heap.
 */
export class Pending<Result> {
  readonly #waits: Waits
  #first: Caller<Result> | undefined
  #last: Caller<Result> | undefined
  #size = 0
  #answered = 0
  #stopped: Error | undefined

  constructor(clock: Clock) {
    this.#waits = new Waits(clock)
  }

  /** How many wait. */
  get size(): number {
    return this.#size
  }

  /** How many have ever waited and do not any more, whatever they were told. */
  get answered(): number {
    return this.#answered
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
    let earlier = this.#last
    while (earlier !== undefined && earlier.index > index) earlier = earlier.earlier
    this.#link(caller, earlier)
    this.#waits.start(caller)
  }

  /** An entry was applied: whoever waits at its index now knows. */
  applied(position: Position, outcome: EntryOutcome<Result>): void {
    let caller = this.#first
    while (caller !== undefined && caller.index <= position.index) {
      const { later } = caller
      if (caller.index === position.index) {
        this.remove(caller)
        settle(caller, position, outcome)
      }
      caller = later
    }
  }

  /** A snapshot took the place of everything up to here: what was applied in it cannot be seen any more. */
  skipped(upTo: Index): void {
    this.#rejectUpTo(upTo, caller => hidden(caller.index))
  }

  /** Nobody will ever be told: the node stops. */
  stop(error: Error): void {
    this.#stopped = error
    this.#rejectUpTo(Number.POSITIVE_INFINITY, () => error)
    this.#waits.stop()
  }

  /** Who was removed points to nobody any more: a neighbour would grow old with it. */
  remove(caller: Caller<Result>): void {
    const { earlier, later } = caller
    caller.owner = caller.earlier = caller.later = undefined
    if (earlier === undefined) this.#first = later
    else earlier.later = later
    if (later === undefined) this.#last = earlier
    else later.earlier = earlier
    this.#size -= 1
    this.#answered += 1
  }

  #rejectUpTo(last: Index, errorFor: (caller: Caller<Result>) => Error): void {
    while (this.#first !== undefined && this.#first.index <= last) {
      const caller = this.#first
      this.remove(caller)
      caller.reject(errorFor(caller))
    }
  }

  #link(caller: Caller<Result>, earlier: Caller<Result> | undefined): void {
    const later = earlier === undefined ? this.#first : earlier.later
    caller.earlier = earlier
    caller.later = later
    if (earlier === undefined) this.#first = caller
    else earlier.later = caller
    if (later === undefined) this.#last = caller
    else later.earlier = caller
    this.#size += 1
  }
}

/** One who waits for what becomes of an entry. */
export class Caller<Result> extends Wait<Applied<Result>> {
  index: Index = 0
  term: Term = 0
  owner: Pending<Result> | undefined
  /** Its neighbours there. */
  earlier: Caller<Result> | undefined
  later: Caller<Result> | undefined

  protected timedOut(): Error {
    return timedOut(this.deadline)
  }

  protected forget(): void {
    this.owner?.remove(this)
  }
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
