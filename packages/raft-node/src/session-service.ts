import type { CallOptions, Node, Sessions } from './api.ts'
import type { Engine } from './engine.ts'
import { RaftError } from './errors.ts'
import type { OwnEnvelope, Proposing } from './proposing.ts'
import { Session } from './session.ts'
import type { Deadline } from './wait.ts'

const hour = 60 * 60 * 1000
const ttlMsMin = 1_000
const ttlMsMax = 366 * 24 * hour

type Parts<Result> = {
  readonly engine: Engine<Result>
  readonly proposing: Proposing<Result>
  /** Whom sessions send their commands through. */
  readonly node: Pick<Node<Result>, 'apply' | 'sessions' | 'isClosing'>
  begin(options: CallOptions | undefined): Deadline
}

/** Opens, keeps and closes sessions, through the leader. */
export class SessionService<Result> implements Sessions<Result> {
  readonly #parts: Parts<Result>

  constructor(parts: Parts<Result>) {
    this.#parts = parts
  }

  async open(options: CallOptions & { readonly ttlMs?: number | undefined } = {}): Promise<Session<Result>> {
    const { node, engine } = this.#parts
    const { ttlMs = hour } = options
    if (!Number.isInteger(ttlMs) || ttlMs < ttlMsMin || ttlMs > ttlMsMax)
      throw new RaftError('INVALID_ARGUMENT', `a session cannot live for ${ttlMs} ms: give a whole number from ${ttlMsMin} to ${ttlMsMax}`)
    return new Session(await this.#do({ type: 'openSession', ttlMs }, options), node, engine.ports.clock)
  }

  async keepAlive(id: number, options?: CallOptions): Promise<void> {
    await this.#do({ type: 'keepSession', session: checked('a session', id) }, options)
  }

  async close(id: number, options?: CallOptions): Promise<void> {
    await this.#do({ type: 'closeSession', session: checked('a session', id) }, options)
  }

  async #do(envelope: OwnEnvelope, options: CallOptions | undefined): Promise<number> {
    const { engine, proposing, begin } = this.#parts
    return (await engine.inProgress.run(proposing.own(envelope, begin(options), true))).index
  }
}

/** Numbers that go into the log are whole and not negative. */
export function checked(what: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new RaftError('INVALID_ARGUMENT', `${what} cannot be ${value}: it is a whole number`)
}
