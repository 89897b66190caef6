import type { Index } from 'raft-core'
import type { Applied } from './api.ts'
import { barrierEntry, wrapCommand } from './command-envelope.ts'
import type { Engine } from './engine.ts'
import { RaftError, reasonOf } from './errors.ts'
import type { Leading } from './leading.ts'
import type { Deadline } from './wait.ts'

export type ResultCodec<Result> = { encode(result: Result): Uint8Array; decode(bytes: Uint8Array): Result }

/** Commands and barriers: through the log when this node leads, else to the leader, once. */
export class Proposing<Result> {
  readonly #engine: Engine<Result>
  readonly #leading: Leading
  readonly #codec: ResultCodec<Result>

  constructor(engine: Engine<Result>, leading: Leading, codec: ResultCodec<Result>) {
    this.#engine = engine
    this.#leading = leading
    this.#codec = codec
  }

  apply(command: Uint8Array, deadline: Deadline, forward: boolean): Promise<Applied<Result>> {
    const job = {
      here: () => this.applyHere(command, deadline),
      request: (timeoutMs: number) => ({ kind: 'apply' as const, timeoutMs, command }),
      decode: ({ index, term, result }: { index: Index; term: number; result: Uint8Array }) => ({
        index,
        term,
        result: this.#decode(result),
      }),
    }
    return this.#leading.run(job, deadline, forward)
  }

  applyHere(command: Uint8Array, deadline: Deadline): Promise<Applied<Result>> {
    return this.#propose(wrapCommand(command), deadline)
  }

  /** Resolves with the index that the barrier got in the log: everything before it is applied on the leader. */
  barrier(deadline: Deadline): Promise<Index> {
    const job = {
      here: async () => (await this.barrierHere(deadline)).index,
      request: (timeoutMs: number) => ({ kind: 'barrier' as const, timeoutMs }),
      decode: ({ index }: { index: Index }) => index,
    }
    return this.#leading.run(job, deadline, true)
  }

  barrierHere(deadline: Deadline): Promise<Applied<Result>> {
    return this.#propose(barrierEntry, deadline)
  }

  encodeResult(result: Result): Uint8Array {
    return this.#codec.encode(result)
  }

  /** The command was applied, whatever became of its result on the way. */
  #decode(result: Uint8Array): Result {
    try {
      return this.#codec.decode(result)
    } catch (cause) {
      throw new RaftError('STATE_MACHINE', `the command was applied, but its result cannot be decoded: ${reasonOf(cause)}`, { cause })
    }
  }

  #propose(data: Uint8Array, deadline: Deadline): Promise<Applied<Result>> {
    if (deadline.signal?.aborted) throw new RaftError('ABORTED', 'the caller gave up; nothing was done', { outcome: 'not-applied' })
    const applied = this.#engine.proposals.add(data, deadline, reason => this.#leading.refusal(reason))
    this.#engine.wake()
    return applied
  }
}
