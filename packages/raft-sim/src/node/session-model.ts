import type { Index } from 'raft-core'
import type { Envelope } from 'raft-node'

type Session = { readonly ttlMs: number; activeAt: number; isFresh: boolean; answered: number; readonly done: Set<number> }

/**
 * What client sessions promise (thesis §6.3), in the simplest way there is: which of the entries in the log carry a command that is to be
 * applied. Given the entries in their order, each once.
 */
export class SessionModel {
  #time = 0
  readonly #sessions = new Map<number, Session>()

  /** Undefined: the entry is nothing to the state machine. */
  commandIn(envelope: Envelope, index: Index): Uint8Array | undefined {
    if (envelope.type === 'command') return envelope.command
    if (envelope.type === 'sessionCommand') return this.#isDue(envelope) ? envelope.command : undefined
    if (envelope.type === 'openSession') {
      this.#sessions.set(index, { ttlMs: envelope.ttlMs, activeAt: 0, isFresh: true, answered: 0, done: new Set() })
    } else if (envelope.type === 'keepSession') this.#find(envelope.session)
    else if (envelope.type === 'closeSession') this.#sessions.delete(envelope.session)
    else if (envelope.type === 'time' && envelope.sinceMs === this.#time) this.#pass(envelope.nowMs)
    return undefined
  }

  #isDue({ session: id, serial, answered }: Extract<Envelope, { type: 'sessionCommand' }>): boolean {
    const session = this.#find(id)
    if (session === undefined) return false
    session.answered = Math.max(session.answered, answered)
    if (session.done.has(serial) || serial <= session.answered) return false
    session.done.add(serial)
    return true
  }

  #find(id: number): Session | undefined {
    const session = this.#sessions.get(id)
    if (session !== undefined) session.isFresh = true
    return session
  }

  #pass(now: number): void {
    this.#time = Math.max(this.#time, now)
    for (const [id, session] of this.#sessions) {
      if (session.isFresh) session.activeAt = this.#time
      session.isFresh = false
      if (this.#time - session.activeAt >= session.ttlMs) this.#sessions.delete(id)
    }
  }
}
