import type { Index, Position } from 'raft-core'
import type { SessionCommand } from './command-envelope.ts'
import { RaftError } from './errors.ts'
import { bytesOf, pack, whole } from './tuples.ts'

/** What came of a command of a session: its answer, encoded, or what the state machine threw. `isLost`: that it was applied, and no more. */
export type KeptAnswer = Position & ({ readonly result: Uint8Array } | { readonly error: string } | { readonly isLost: true })

/** Whether a command of a session is to be applied, was applied before, or can be neither. */
export type Judgement =
  | { readonly type: 'apply' }
  | { readonly type: 'replay'; readonly answer: KeptAnswer }
  | { readonly type: 'refuse'; readonly error: RaftError }

type Session = {
  readonly id: number
  readonly ttlMs: number
  /** Log time; counts from the next time that is recorded, while `isFresh`. */
  activeAt: number
  isFresh: boolean
  answered: number
  readonly answers: Map<number, KeptAnswer>
}

/** So that nobody fills everybody's memory. The same on every node, since they decide what is applied. */
const sessionsMax = 10_000
const answersMax = 1_000
const answerBytesMax = 16 * 1024 * 1024
const bytesBeside = 100

/**
 * Client sessions (thesis §6.3): which commands were applied, and with what answer. Part of the replicated state, made only from applied
 * entries and snapshots, and so equal on every node at the same index.
 */
export class Sessions {
  readonly #byId = new Map<number, Session>()
  #answerBytes = 0
  #shortestTtl: number | undefined

  get size(): number {
    return this.#byId.size
  }

  /** In milliseconds; infinite without sessions. */
  get shortestTtlMs(): number {
    this.#shortestTtl ??= [...this.#byId.values()].reduce((least, { ttlMs }) => Math.min(least, ttlMs), Number.POSITIVE_INFINITY)
    return this.#shortestTtl
  }

  /** Returns why not, where it cannot be done; so do the others. */
  open(id: Index, ttlMs: number, time: number): RaftError | undefined {
    if (this.#byId.size >= sessionsMax) return new RaftError('OVERLOADED', `there are ${sessionsMax} sessions already: close some`)
    this.#byId.set(id, { id, ttlMs, activeAt: time, isFresh: true, answered: 0, answers: new Map() })
    this.#shortestTtl = undefined
    return undefined
  }

  keep(id: number): RaftError | undefined {
    const session = this.#byId.get(id)
    if (session === undefined) return expired(id)
    session.isFresh = true
    return undefined
  }

  close(id: number): void {
    const session = this.#byId.get(id)
    if (session !== undefined) this.#remove(session)
  }

  judge({ session: id, serial, answered }: SessionCommand): Judgement {
    const session = this.#byId.get(id)
    if (session === undefined) return { type: 'refuse', error: expired(id) }
    session.isFresh = true
    this.#forget(session, answered)
    const answer = session.answers.get(serial)
    if (answer !== undefined) return { type: 'replay', answer }
    if (serial <= session.answered) return { type: 'refuse', error: forgotten(id, serial) }
    if (session.answers.size >= answersMax || this.#answerBytes >= answerBytesMax) return { type: 'refuse', error: full(id) }
    return { type: 'apply' }
  }

  record({ session: id, serial }: SessionCommand, answer: KeptAnswer): void {
    this.#byId.get(id)?.answers.set(serial, answer)
    this.#answerBytes += sizeOf(answer)
  }

  /**
   * So much log time was recorded. What a session did since the time before may have been done at any moment in between, so it counts as
   * done now: sessions end late, never early.
   */
  pass(time: number): void {
    for (const session of this.#byId.values()) {
      if (session.isFresh) session.activeAt = time
      session.isFresh = false
      if (session.activeAt + session.ttlMs <= time) this.#remove(session)
    }
  }

  /** One tuple for each session. Frozen when this is called: later commands do not show. Packed only as they are taken. */
  tuples(): Iterable<Uint8Array> {
    return packed([...this.#byId.values()].map(session => ({ ...session, answers: [...session.answers] })))
  }

  /** From what `tuples` gave. @throws Error for anything else. */
  replace(tuples: readonly unknown[]): void {
    this.#byId.clear()
    this.#answerBytes = 0
    this.#shortestTtl = undefined
    for (const tuple of tuples) {
      const session = sessionFrom(tuple)
      this.#byId.set(session.id, session)
      for (const answer of session.answers.values()) this.#answerBytes += sizeOf(answer)
    }
  }

  #forget(session: Session, answered: number): void {
    if (answered <= session.answered) return
    session.answered = answered
    for (const [serial, answer] of session.answers) {
      if (serial > answered) continue
      session.answers.delete(serial)
      this.#answerBytes -= sizeOf(answer)
    }
  }

  #remove(session: Session): void {
    for (const answer of session.answers.values()) this.#answerBytes -= sizeOf(answer)
    this.#byId.delete(session.id)
    this.#shortestTtl = undefined
  }
}

function sizeOf(answer: KeptAnswer): number {
  const { length } = shortOf(answer) ?? { length: 0 }
  return bytesBeside + length
}

function* packed(view: readonly (Omit<Session, 'answers'> & { readonly answers: readonly (readonly [number, KeptAnswer])[] })[]) {
  for (const { id, ttlMs, activeAt, isFresh, answered, answers } of view) {
    const kept = answers.map(([serial, answer]) => [serial, answer.index, answer.term, shortOf(answer)])
    yield pack([id, ttlMs, activeAt, isFresh, answered, kept])
  }
}

function sessionFrom(tuple: unknown): Session {
  if (!Array.isArray(tuple) || !Array.isArray(tuple[5])) throw new Error('a session is not a tuple')
  const [id, ttlMs, activeAt, isFresh, answered] = tuple as unknown[]
  return {
    id: whole(id, 'a session'),
    ttlMs: whole(ttlMs, 'a time to live'),
    activeAt: whole(activeAt, 'a time'),
    isFresh: isFresh === true,
    answered: whole(answered, 'a serial number'),
    answers: new Map((tuple[5] as unknown[]).map(answerFrom)),
  }
}

function answerFrom(tuple: unknown): [number, KeptAnswer] {
  if (!Array.isArray(tuple)) throw new Error('an answer is not a tuple')
  const [serial, index, term, kept] = tuple as unknown[]
  const position = { index: whole(index, 'an index'), term: whole(term, 'a term') }
  return [whole(serial, 'a serial number'), { ...position, ...keptFrom(kept) }]
}

/** The result, the error, or nothing. */
function shortOf(answer: KeptAnswer): Uint8Array | string | null {
  if ('isLost' in answer) return null
  return 'result' in answer ? answer.result : answer.error
}

function keptFrom(value: unknown): { readonly result: Uint8Array } | { readonly error: string } | { readonly isLost: true } {
  if (value === null) return { isLost: true }
  return typeof value === 'string' ? { error: value } : { result: bytesOf(value, 'a result') }
}

function expired(id: number): RaftError {
  const what = `there is no session ${id}: it was closed, or nothing came from it for its time to live`
  return new RaftError('SESSION_EXPIRED', `${what}. Whether a command of it was applied before is not known; open a new one`)
}

function forgotten(id: number, serial: number): RaftError {
  return new RaftError('ANSWER_FORGOTTEN', `command ${serial} of session ${id} was answered, and its answer is not kept any more`)
}

function full(id: number): RaftError {
  return new RaftError('OVERLOADED', `too many answers wait to be forgotten: let session ${id} say with its commands which ones it has got`)
}
