import type { Index, Raft, Refusal } from 'raft-core'
import type { Applied } from './api.ts'
import { RaftError } from './errors.ts'
import { Caller, type Pending } from './pending.ts'
import type { Deadline } from './wait.ts'

/** How the caller names a refusal: mostly as a RaftError that says who leads. */
type Explain = (reason: Refusal) => Error

type Gathered<Result> = {
  readonly data: Uint8Array
  readonly caller: Caller<Result>
  readonly explain: Explain
}

/**
 * Commands of one turn of the event loop go into the log together: one append, one message to each follower, one fsync for all of
 * them, however many callers there are.
 */
export class Proposals<Result> {
  readonly #raft: Raft
  readonly #pending: Pending<Result>
  readonly #proposed: (last: Index, count: number) => void
  #gathered: Gathered<Result>[] = []
  #stopped: RaftError | undefined

  /** `proposed` hears of each turn's entries: the index of the last, and how many there are. */
  constructor(raft: Raft, pending: Pending<Result>, proposed: (last: Index, count: number) => void) {
    this.#proposed = proposed
    this.#raft = raft
    this.#pending = pending
  }

  /** How many wait for the next turn. */
  get size(): number {
    return this.#gathered.length
  }

  /** Rejects with what `explain` makes of a refusal: then nothing was appended. */
  add(data: Uint8Array, deadline: Deadline, explain: Explain): Promise<Applied<Result>> {
    if (this.#stopped !== undefined) return Promise.reject(notBegun(this.#stopped))
    const caller = new Caller<Result>(deadline)
    this.#gathered.push({ data, caller, explain })
    return caller.promise
  }

  /** All that gathered since the last call, in order. */
  propose(): void {
    const gathered = this.#gathered
    if (gathered.length === 0) return
    this.#gathered = []
    const taken = this.#raft.proposeAll(gathered.map(({ data }) => data))
    if (taken.accepted === true) {
      this.#proposed(taken.index + gathered.length - 1, gathered.length)
      let { index } = taken
      for (const { caller } of gathered) this.#pending.place(caller, { index: index++, term: taken.term })
      return
    }
    const reason = taken.accepted === false ? taken.reason : 'not-leader'
    for (const { explain, caller } of gathered) caller.reject(explain(reason))
  }

  stop(error: RaftError): void {
    this.#stopped = error
    for (const { caller } of this.#gathered) caller.reject(notBegun(error))
    this.#gathered = []
  }
}

function notBegun(error: RaftError): RaftError {
  return new RaftError(error.code, error.message, { cause: error, outcome: 'not-applied' })
}
