import type { Message, MessageOf, NodeId } from 'raft-core'
import type { Clock, Timer } from './ports.ts'

/** So long a follower may be left without news that it can commit more. */
const holdMs = 1

type Append = MessageOf<'appendEntries'>

/**
 * A leader tells each follower how far it has committed. Under load the next entries follow at once and say the same, so a message that
 * says nothing else waits a moment for them: it and its answer would cost as much as one with entries. Whatever else is sent to the same
 * member goes behind it. To leave it out is to lose a message, which any network may.
 */
export class HeldNotices {
  readonly #clock: Clock
  readonly #send: (message: Message) => void
  readonly #held = new Map<NodeId, Append>()
  #timer: Timer | undefined

  constructor(clock: Clock, send: (message: Message) => void) {
    this.#clock = clock
    this.#send = send
  }

  send(message: Message): void {
    const held = this.#held.get(message.to)
    if (held !== undefined) {
      this.#held.delete(message.to)
      if (!saysMore(message, held)) this.#send(held)
    }
    if (message.type === 'appendEntries' && message.entries.length === 0) this.#hold(message)
    else this.#send(message)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#held.clear()
  }

  #hold(message: Append): void {
    this.#held.set(message.to, message)
    this.#timer ??= this.#clock.after(holdMs, () => this.#release())
  }

  #release(): void {
    this.#timer = undefined
    const held = [...this.#held.values()]
    this.#held.clear()
    for (const message of held) this.#send(message)
  }
}

/** It goes on where the other would have, in the same life of the member, and tells at least as much to be committed. */
function saysMore(message: Message, held: Append): boolean {
  return (
    message.type === 'appendEntries' &&
    message.term === held.term &&
    message.session === held.session &&
    message.repair === held.repair &&
    message.after.index === held.after.index &&
    message.after.term === held.after.term &&
    message.commit >= held.commit
  )
}
