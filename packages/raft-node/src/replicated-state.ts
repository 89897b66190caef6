import type { CommandEntry, Entry, Index, Position } from 'raft-core'
import { envelopeIn, isRestoreCommit, plainCommandIn, type SessionCommand } from './command-envelope.ts'
import { Digests } from './digests.ts'
import { RaftError, reasonOf } from './errors.ts'
import { Members } from './members.ts'
import type { EntryOutcome } from './pending.ts'
import type { Clock, CommandAt, SnapshotMeta, StateMachine } from './ports.ts'
import type { ResultCodec } from './proposing.ts'
import { RestoreSpool } from './restore-spool.ts'
import { checked } from './session-service.ts'
import { type KeptAnswer, Sessions } from './sessions.ts'
import { begun, endingWith, following, splitNodePart, withNodePart } from './snapshot-parts.ts'
import { bytesOf, pack, unpackAll, whole } from './tuples.ts'

const version = 1
/** So many commands at once are few enough for the event loop. */
const batchMax = 64
/** A longer answer could not travel to another node either, and many of them would not fit into a block of a snapshot. */
const keptBytesMax = 8 * 1024 * 1024
/** Longer is for ever, and sums of two stay safe integers. */
const timeMax = 2 ** 52

/** Barriers and the node's own entries have no result; nobody who waits for one reads it. */
const nothing = { result: undefined }

/**
 * All that is replicated besides the membership: the application's state machine, and beside it what the node keeps for its clients, which
 * are sessions and log time. Made only from applied entries and snapshots.
 */
export class ReplicatedState<Result> {
  readonly sessions = new Sessions()
  readonly #restores = new RestoreSpool()
  /** Undefined: the state machine gives none. */
  readonly digests: Digests | undefined
  readonly #stateMachine: StateMachine<Result>
  readonly #codec: ResultCodec<Result>
  /** Up to here the state machine has everything from an earlier life; 0: it began empty. */
  #machineAt: Index
  readonly #clock: Pick<Clock, 'now'>
  #time = 0
  #lastRestoreMs: number | undefined

  constructor(stateMachine: StateMachine<Result>, codec: ResultCodec<Result>, clock: Pick<Clock, 'now'>) {
    this.#clock = clock
    this.digests = stateMachine.digest === undefined ? undefined : new Digests()
    this.#stateMachine = stateMachine
    this.#codec = codec
    this.#machineAt = checked('the applied index of the state machine', stateMachine.appliedIndex?.() ?? 0)
  }

  /** Up to here the state machine had everything when it was opened, or has got it from a snapshot. */
  get machineAt(): Index {
    return this.#machineAt
  }

  /** Log time: the last that was recorded, in milliseconds. */
  get time(): number {
    return this.#time
  }

  /** What the last restore of a snapshot took. */
  get lastRestoreMs(): number | undefined {
    return this.#lastRestoreMs
  }

  /** @throws Error for an entry of a newer version: this node cannot go on. */
  apply({ data, index, term }: CommandEntry): EntryOutcome<Result> {
    const envelope = envelopeIn(data)
    switch (envelope.type) {
      case 'command':
        return this.#command(envelope.command, index)
      case 'sessionCommand':
        return this.#sessionCommand(envelope, { index, term })
      case 'openSession':
        return asOutcome(this.sessions.open(index, envelope.ttlMs, this.#time))
      case 'keepSession':
        return asOutcome(this.sessions.keep(envelope.session))
      case 'closeSession':
        this.sessions.close(envelope.session)
        break
      case 'restoreBegin':
        this.#restores.begin({ index, term })
        break
      case 'restoreData':
        return asOutcome(this.#restores.add(envelope, { index, term }))
      case 'restoreCommit':
        throw new Error('a restore takes time: it is for replace')
      case 'time':
        this.#pass(envelope.sinceMs, envelope.nowMs)
    }
    return nothing as EntryOutcome<Result>
  }

  /** Whether this entry is for `replace`. */
  isRestore(entry: Entry): entry is CommandEntry {
    return entry.type === 'command' && isRestoreCommit(entry.data)
  }

  /**
   * Puts a state that a client has sent in the place of the state machine's. What the machine refuses it refuses on every node, and has as
   * before; it may call that CORRUPT. @throws any other RaftError of the state machine: this node is at fault.
   */
  async replace({ data, index, term }: CommandEntry, members: Members): Promise<EntryOutcome<Result>> {
    const envelope = envelopeIn(data)
    if (envelope.type !== 'restoreCommit') throw new Error(`a ${envelope.type} is not a restore`)
    const pieces = this.#restores.take(envelope, { index, term })
    if (pieces instanceof RaftError) return { error: pieces }
    if (index <= this.#machineAt) return nothing as EntryOutcome<Result>
    try {
      await this.#stateMachine.restore(oneByOne(pieces), index)
    } catch (cause) {
      if (cause instanceof RaftError && cause.code !== 'CORRUPT') throw cause
      return refused(cause)
    }
    this.#machineAt = index
    this.digests?.clear()
    this.#tellMembers(members)
    return nothing as EntryOutcome<Result>
  }

  /** The commands, from `at` on, that the state machine takes at once; none: it takes them one by one. */
  batchFrom(entries: readonly Entry[], at: number): readonly CommandAt[] {
    const batch: CommandAt[] = []
    if (this.#stateMachine.applyBatch === undefined || this.digests !== undefined) return batch
    for (const entry of entries.slice(at, at + batchMax)) {
      const command = entry.type === 'command' && entry.index > this.#machineAt ? plainCommandIn(entry.data) : undefined
      if (command === undefined) return batch
      batch.push({ command, index: entry.index })
    }
    return batch
  }

  /** What `batchFrom` gave. @throws RaftError where the state machine throws, or gives too few answers or too many. */
  applyBatch(commands: readonly CommandAt[]): readonly EntryOutcome<Result>[] {
    const outcomes = ownFault('applyBatch', () => this.#stateMachine.applyBatch?.(commands) ?? [])
    if (outcomes.length === commands.length) return outcomes.map(outcome => ('error' in outcome ? refused(outcome.error) : outcome))
    throw faulty('applyBatch', new Error(`it gave ${outcomes.length} answers to ${commands.length} commands`))
  }

  /** A membership took effect. */
  membershipChanged(members: Members): void {
    if (members.membershipIndex > this.#machineAt) this.#tellMembers(members)
  }

  #tellMembers(members: Members): void {
    ownFault('onMembership', () => this.#stateMachine.onMembership?.(members.membership, members.membershipIndex, members.current()))
  }

  #command(command: Uint8Array, index: number): EntryOutcome<Result> {
    if (index <= this.#machineAt) return nothing as EntryOutcome<Result> // nobody waits for it any more
    const outcome = this.#outcomeOf(command, index)
    this.#digest(index)
    return outcome
  }

  #digest(index: Index): void {
    if (this.digests === undefined) return
    const digest = ownFault('digest', () => this.#stateMachine.digest?.() ?? '')
    this.digests.record(index, digest)
  }

  #outcomeOf(command: Uint8Array, index: number): EntryOutcome<Result> {
    try {
      return { result: this.#stateMachine.apply(command, index) }
    } catch (cause) {
      return refused(cause)
    }
  }

  /** Once (thesis §6.3): the answer is kept with the state, so that whoever leads gives it again. */
  #sessionCommand(command: SessionCommand, position: Position): EntryOutcome<Result> {
    const judgement = this.sessions.judge(command)
    if (judgement.type === 'refuse') return { error: judgement.error }
    if (judgement.type === 'replay') return this.#replay(judgement.answer)
    const outcome = this.#command(command.command, position.index)
    this.sessions.record(command, this.#kept(outcome, position))
    return outcome
  }

  #kept(outcome: EntryOutcome<Result>, { index, term }: Position): KeptAnswer {
    // Not even where it is known: who starts again does not know it, and all nodes must keep the same.
    if (this.#stateMachine.appliedIndex !== undefined) return { index, term, isLost: true }
    if ('error' in outcome) return { index, term, error: outcome.error.message }
    try {
      const result = this.#codec.encode(outcome.result)
      if (result.length > keptBytesMax) return { index, term, error: `the command was applied; its answer was too long to be kept` }
      return { index, term, result }
    } catch (cause) {
      return { index, term, error: `the command was applied, but its result cannot be encoded: ${reasonOf(cause)}` }
    }
  }

  #replay(answer: KeptAnswer): EntryOutcome<Result> {
    if ('error' in answer) return { error: new RaftError('STATE_MACHINE', answer.error) }
    if ('isLost' in answer) return { error: lost(answer) }
    try {
      return { result: this.#codec.decode(answer.result), appliedAt: answer }
    } catch (cause) {
      return { error: new RaftError('STATE_MACHINE', `the command was applied, but its result cannot be decoded: ${reasonOf(cause)}`) }
    }
  }

  /** Log time goes on. A measurement that comes late, from an earlier leader, measured something else. */
  #pass(sinceMs: number, nowMs: number): void {
    if (sinceMs !== this.#time) return
    this.#time = Math.max(this.#time, Math.min(nowMs, timeMax))
    this.sessions.pass(this.#time)
  }

  /**
   * A frozen view: the node's own part in blocks, an empty block, and the state machine's data. Whoever asks for it ends it (`return`),
   * read or not: a state machine may keep what it holds back until then.
   * @throws RaftError STATE_MACHINE, as the data do, where the state machine throws, or gives anything but bytes.
   */
  snapshot(): AsyncIterableIterator<Uint8Array> {
    const head = pack([version, this.#time, this.sessions.size])
    const machine = this.#machineView()
    return endingWith(withNodePart(head, joined(this.sessions.tuples(), this.#restores.tuples()), givenBy(machine)), machine)
  }

  #machineView(): AsyncIterableIterator<Uint8Array> {
    try {
      return begun(this.#stateMachine.snapshot())
    } catch (cause) {
      throw notGiven(cause)
    }
  }

  /** Replaces everything. @throws what the state machine throws, or Error where the node's own part is malformed. */
  async restore(meta: SnapshotMeta, data: AsyncIterable<Uint8Array>): Promise<void> {
    const { index, hasNodePart } = meta
    const began = this.#clock.now()
    this.digests?.clear()
    const source = data[Symbol.asyncIterator]()
    try {
      const { blocks, rest } = hasNodePart === true ? await splitNodePart(source) : { blocks: [], rest: following(source) }
      if (index > this.#machineAt) await this.#restoreMachine(meta, rest)
      const [head, ...tuples] = blocks.flatMap(unpackAll)
      const { time, sessions } = headIn(head, tuples.length)
      this.#time = time
      this.sessions.replace(tuples.slice(0, sessions))
      this.#restores.replace(tuples.slice(sessions))
    } finally {
      await source.return?.() // a state machine need not read to the end, nor at all, and a file waits to be closed
    }
    this.#lastRestoreMs = this.#clock.now() - began
  }

  async #restoreMachine(meta: SnapshotMeta, data: AsyncIterable<Uint8Array>): Promise<void> {
    this.#machineAt = 0 // cut short, it leaves nothing to build on
    await this.#stateMachine.restore(data, meta.index)
    this.#machineAt = meta.index
    const members = new Members()
    members.restore(meta)
    this.#tellMembers(members)
  }
}

/** Without a number of sessions all tuples are sessions: written before there were restores. */
function headIn(head: unknown, tuples: number): { readonly time: number; readonly sessions: number } {
  if (head === undefined) return { time: 0, sessions: 0 }
  if (!Array.isArray(head) || head[0] !== version) throw new Error(`a snapshot of another version: this node reads version ${version}`)
  return { time: whole(head[1], 'a time'), sessions: head[2] === undefined ? tuples : whole(head[2], 'a number of sessions') }
}

function* joined<T>(...lists: readonly Iterable<T>[]): Generator<T> {
  for (const list of lists) yield* list
}

async function* oneByOne(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

function asOutcome<Result>(refusal: RaftError | undefined): EntryOutcome<Result> {
  return refusal === undefined ? (nothing as EntryOutcome<Result>) : { error: refusal }
}

/** The command is at fault, not this node: every node comes to this, and goes on. */
function refused(cause: unknown): { readonly error: RaftError } {
  return { error: new RaftError('STATE_MACHINE', `the state machine refused the command: ${reasonOf(cause)}`, { cause }) }
}

/** What a state machine must not throw in: what it has done by then is unknown. */
function ownFault<T>(where: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    throw faulty(where, cause)
  }
}

function faulty(where: string, cause: unknown): RaftError {
  return new RaftError('INVARIANT_BROKEN', `the state machine is at fault, so this node stops: ${where}: ${reasonOf(cause)}`, { cause })
}

async function* givenBy(data: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of data) yield bytesOf(piece, 'what it gave')
  } catch (cause) {
    throw notGiven(cause)
  }
}

function notGiven(cause: unknown): RaftError {
  const details = { cause, outcome: 'not-applied' as const }
  return new RaftError('STATE_MACHINE', `the state machine could not give a snapshot: ${reasonOf(cause)}`, details)
}

function lost({ index }: Position): RaftError {
  const what = `the command was applied before, at index ${index}, and its answer is not kept`
  return new RaftError('ANSWER_FORGOTTEN', `${what}: the state machine has a store of its own, so look there`)
}
