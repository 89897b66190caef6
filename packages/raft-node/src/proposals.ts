import type { Index, Raft, Refusal } from 'raft-core'
import type { Applied } from './api.ts'
import { RaftError } from './errors.ts'
import type { GroupCommit, Traffic } from './group-commit.ts'
import { Caller, type Pending } from './pending.ts'
import type { Deadline } from './wait.ts'

/** How the caller names a refusal: mostly as a RaftError that says who leads. */
type Explain = (reason: Refusal) => Error

/** Hears of entries that went into the log together: the index of the last, how many there are, and when the first caller came. */
type Proposed = (last: Index, count: number, since: number) => void

type Gathered<Result> = {
  readonly data: Uint8Array
  readonly caller: Caller<Result>
  readonly explain: Explain
}

/**
 * Commands of one turn of the event loop, or of several where that serves them sooner (group-commit.ts), go into the log together: one
 * append, one message to each follower, one fsync for all of them, however many callers there are.
 */
export class Proposals<Result> {
  readonly #raft: Raft
  readonly #pending: Pending<Result>
  readonly #groupCommit: GroupCommit
  readonly #proposed: Proposed
  #gathered: Gathered<Result>[] = []
  #bytes = 0
  /** How many have ever come. */
  #arrived = 0
  #stopped: RaftError | undefined

  constructor(raft: Raft, pending: Pending<Result>, groupCommit: GroupCommit, proposed: Proposed) {
    this.#proposed = proposed
    this.#raft = raft
    this.#pending = pending
    this.#groupCommit = groupCommit
  }

  /** How many have gathered. */
  get size(): number {
    return this.#gathered.length
  }

  /** Rejects with what `explain` makes of a refusal: then nothing was appended. */
  add(data: Uint8Array, deadline: Deadline, explain: Explain): Promise<Applied<Result>> {
    if (this.#stopped !== undefined) return Promise.reject(notBegun(this.#stopped))
    const caller = new Caller<Result>(deadline)
    this.#gathered.push({ data, caller, explain })
    this.#bytes += data.length
    this.#arrived += 1
    return caller.promise
  }

  /** All that has gathered, in order, unless it waits for company. */
  propose(): void {
    const gathered = this.#gathered
    if (!this.#groupCommit.mayLeave(this.#traffic())) return
    this.#gathered = []
    this.#bytes = 0
    const taken = this.#raft.proposeAll(gathered.map(({ data }) => data))
    if (taken.accepted === true) {
      const { at, timeoutMs } = gathered[0]!.caller.deadline
      this.#proposed(taken.index + gathered.length - 1, gathered.length, at - timeoutMs)
      let { index } = taken
      for (const { caller } of gathered) this.#pending.place(caller, { index: index++, term: taken.term })
      return
    }
    const reason = taken.accepted === false ? taken.reason : 'not-leader'
    for (const { explain, caller } of gathered) caller.reject(explain(reason))
  }

  #traffic(): Traffic {
    const { size, answered } = this.#pending
    return { gathered: this.#gathered.length, bytes: this.#bytes, inLog: size, arrived: this.#arrived, answered }
  }

  stop(error: RaftError): void {
    this.#stopped = error
    this.#groupCommit.stop()
    for (const { caller } of this.#gathered) caller.reject(notBegun(error))
    this.#gathered = []
  }
}

/** The same, for who asked for nothing that could still have an effect. */
export function notBegun(error: RaftError): RaftError {
  return new RaftError(error.code, error.message, { cause: error, outcome: 'not-applied' })
}
