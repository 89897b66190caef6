import type { Applied, ApplyOptions, CallOptions, Node } from './api.ts'
import { RaftError } from './errors.ts'
import type { Clock } from './ports.ts'
import { deadlineFor, remainingMs } from './wait.ts'

/** Everything that a session needs of its node. */
type Below<Result> = Pick<Node<Result>, 'apply' | 'sessions' | 'isClosing'>

/** One try may take so long before the next one is made; the serial number makes that safe. */
const tryMs = 1_000
const pauseMs = 50

/**
 * A client session (thesis §6.3): each of its commands is applied once, though it is sent again after a lost answer, a lost connection or
 * a change of leader. Made by `node.sessions.open`; `await using` closes it. Whoever wants to go on with it in another process, or on
 * another node, passes `session` to that node's `apply` himself.
 */
export class Session<Result> implements AsyncDisposable {
  /** The same on every node. */
  readonly id: number
  readonly #node: Below<Result>
  readonly #clock: Clock
  #serial = 0
  /** Commands that are not answered yet, the first one first. */
  readonly #open = new Set<number>()

  constructor(id: number, node: Below<Result>, clock: Clock) {
    this.id = id
    this.#node = node
    this.#clock = clock
  }

  /**
   * Applies a command once, and tries until it is answered, or `timeoutMs` (milliseconds, default 5,000) is over. Then, and if `signal`
   * fires, its outcome is `unknown`; the same holds with SESSION_EXPIRED.
   */
  async apply(command: Uint8Array, options: CallOptions = {}): Promise<Applied<Result>> {
    const serial = ++this.#serial
    this.#open.add(serial)
    try {
      return await this.#persist(command, serial, options)
    } finally {
      this.#open.delete(serial)
    }
  }

  /** Tells that the client still lives: a session without commands ends after its time to live. */
  keepAlive(options?: CallOptions): Promise<void> {
    return this.#node.sessions.keepAlive(this.id, options)
  }

  /** Forgets the session everywhere. */
  close(options?: CallOptions): Promise<void> {
    return this.#node.sessions.close(this.id, options)
  }

  /** Without a leader it is not worth waiting: the session ends by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close({ timeoutMs: tryMs }).catch(() => {})
  }

  /** It may be another node that has stopped. */
  #mayTryAgain(code: string): boolean {
    return worthAnotherTry.includes(code) && !this.#node.isClosing
  }

  async #persist(command: Uint8Array, serial: number, options: CallOptions): Promise<Applied<Result>> {
    const deadline = deadlineFor(this.#clock, options)
    for (let isFirst = true; ; isFirst = false) {
      const timeoutMs = Math.min(tryMs, remainingMs(this.#clock, deadline))
      const [first = serial] = this.#open
      const session = { id: this.id, serial, answered: first - 1 }
      try {
        const call: ApplyOptions = { timeoutMs, signal: options.signal, session }
        return await this.#node.apply(command, call)
      } catch (error) {
        const mayTryAgain = error instanceof RaftError && this.#mayTryAgain(error.code) && !options.signal?.aborted
        if (!mayTryAgain || remainingMs(this.#clock, deadline) === 0) throw isFirst ? error : asUnknown(error)
        await new Promise<void>(resolve => this.#clock.after(pauseMs, resolve))
      }
    }
  }
}

/** The command may or may not be applied by now: with its serial number it can be sent again. */
const worthAnotherTry: readonly string[] = [
  'TIMED_OUT',
  'CONNECTION_LOST',
  'LEADERSHIP_LOST',
  'ENTRY_REPLACED',
  'NO_LEADER',
  'NOT_LEADER',
  'TRANSFERRING',
  'OVERLOADED',
  'NODE_STOPPED',
]

/** That the last try did nothing says nothing of those before. */
function asUnknown(error: unknown): unknown {
  if (!(error instanceof RaftError) || error.outcome === 'unknown') return error
  const { code, message, leader } = error
  return new RaftError(code, `${message} (an earlier try may have been applied)`, { outcome: 'unknown', leader, cause: error })
}
