import type { Index } from 'raft-core'
import type { Applied, BatchOutcome } from './api.ts'
import { barrierEntry, type Envelope, envelopeIn, wrap, wrapCommand } from './command-envelope.ts'
import type { Engine } from './engine.ts'
import { RaftError, reasonOf } from './errors.ts'
import type { Leading } from './leading.ts'
import { decodeOutcomes, encodeOutcomes, type PeerAnswer } from './peer-requests.ts'
import { type Deadline, gaveUp } from './wait.ts'

export type ResultCodec<Result> = { encode(result: Result): Uint8Array; decode(bytes: Uint8Array): Result }

/** What one node may ask another to put into the log, besides commands and barriers. Log time is the leader's own. */
export type OwnEnvelope = Exclude<Envelope, { type: 'command' | 'barrier' | 'time' }>

const nothing = new Uint8Array(0)

function readOwn(entry: Uint8Array): Envelope {
  try {
    const envelope = envelopeIn(entry)
    if (envelope.type !== 'time') return envelope
  } catch (cause) {
    throw new RaftError('INVALID_ARGUMENT', `an entry that cannot be read: ${reasonOf(cause)}`, { cause })
  }
  throw new RaftError('INVALID_ARGUMENT', 'log time is measured by the leader itself')
}

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
      decode: ({ index, term, result }: PeerAnswer) => ({
        index,
        term,
        result: this.#decode(result),
      }),
    }
    return this.#leading.run(job, deadline, forward)
  }

  applyBatch(commands: readonly Uint8Array[], deadline: Deadline, forward: boolean): Promise<readonly BatchOutcome<Result>[]> {
    const job = {
      here: () => this.applyBatchHere(commands, deadline),
      request: (timeoutMs: number) => ({ kind: 'applyBatch' as const, timeoutMs, commands }),
      decode: ({ result }: PeerAnswer) => decodeOutcomes(result).map(outcome => this.#heard(outcome)),
    }
    return this.#leading.run(job, deadline, forward)
  }

  async applyBatchHere(commands: readonly Uint8Array[], deadline: Deadline): Promise<readonly BatchOutcome<Result>[]> {
    this.#engine.space.checkProposal()
    // All in one turn: so the core takes all of them, next to each other, or none.
    const applied = commands.map(command => this.#propose(wrapCommand(command), deadline))
    return unlessAllFailed((await Promise.allSettled(applied)).map(outcomeOf))
  }

  encodeOutcomes(outcomes: readonly BatchOutcome<Result>[]): Uint8Array {
    return encodeOutcomes(
      outcomes.map(outcome => ('error' in outcome ? outcome : { ...outcome, result: this.#codec.encode(outcome.result) })),
    )
  }

  /** The command was applied, whatever became of its result on the way. */
  #heard(outcome: BatchOutcome<Uint8Array>): BatchOutcome<Result> {
    if ('error' in outcome) return outcome
    try {
      return { ...outcome, result: this.#decode(outcome.result) }
    } catch (error) {
      return { error: error as RaftError }
    }
  }

  /** Not async: that would cost each command two promises more. @throws RaftError where nothing may be proposed. */
  applyHere(command: Uint8Array, deadline: Deadline): Promise<Applied<Result>> {
    this.#engine.space.checkProposal()
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

  /** A command of a session, or what the node keeps of sessions. Sent again after an answer that was lost, it does no harm. */
  own(envelope: OwnEnvelope, deadline: Deadline, forward: boolean): Promise<Applied<Result>> {
    const entry = wrap(envelope)
    const job = {
      here: () => this.#ownHere(entry, deadline),
      request: (timeoutMs: number) => ({ kind: 'entry' as const, timeoutMs, entry }),
      decode: ({ index, term, result }: PeerAnswer) => ({
        index,
        term,
        result: envelope.type === 'sessionCommand' ? this.#decode(result) : (undefined as Result),
      }),
    }
    return this.#leading.run(job, deadline, forward)
  }

  /** What another node wants to have in the log. @throws RaftError INVALID_ARGUMENT where it is nothing that `own` sends. */
  async ownHere(entry: Uint8Array, deadline: Deadline): Promise<PeerAnswer> {
    const { type } = readOwn(entry)
    const { index, term, result } = await this.#ownHere(entry, deadline)
    return { index, term, result: type === 'sessionCommand' ? this.#codec.encode(result) : nothing }
  }

  async #ownHere(entry: Uint8Array, deadline: Deadline): Promise<Applied<Result>> {
    this.#engine.space.checkProposal()
    return this.#propose(entry, deadline)
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
    if (deadline.listeners?.hasFired) throw gaveUp()
    const applied = this.#engine.proposals.add(data, deadline, reason => this.#leading.refusal(reason))
    this.#engine.wake()
    return applied
  }
}

function outcomeOf<Result>(settled: PromiseSettledResult<Applied<Result>>): BatchOutcome<Result> {
  if (settled.status === 'fulfilled') return settled.value
  const { reason } = settled
  return { error: reason instanceof RaftError ? reason : new RaftError('ABORTED', reasonOf(reason), { cause: reason }) }
}

/** Where the same befell all of them on their way, it befell the batch: it may be worth another try as a whole. */
function unlessAllFailed<Result>(outcomes: readonly BatchOutcome<Result>[]): readonly BatchOutcome<Result>[] {
  const [first] = outcomes
  if (first === undefined || !('error' in first) || first.error.code === 'STATE_MACHINE') return outcomes
  if (outcomes.every(outcome => 'error' in outcome && outcome.error.code === first.error.code)) throw first.error
  return outcomes
}
