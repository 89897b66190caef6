import type { Message, MessageOf, NodeId } from 'raft-core'
import type { Clock, Timer } from './ports.ts'

/** Milliseconds that a follower may be left without news that it can commit more. */
const holdMs = 1
/** The same once entries have followed in time: they mostly do again, and to set a timer and be woken by it for nothing costs them time. */
const followedMs = 5

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
  /** Whether entries have overtaken a notice since the timer was set. */
  #isFollowed = false

  constructor(clock: Clock, send: (message: Message) => void) {
    this.#clock = clock
    this.#send = send
  }

  send(message: Message): void {
    const held = this.#held.get(message.to)
    if (held !== undefined) {
      this.#held.delete(message.to)
      if (!saysMore(message, held)) this.#send(held)
      else if (!isNotice(message)) this.#isFollowed = true
    }
    if (isNotice(message)) this.#hold(message)
    else this.#send(message)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#held.clear()
  }

  #hold(message: Append): void {
    this.#held.set(message.to, message)
    if (this.#timer !== undefined) return
    this.#timer = this.#clock.after(this.#isFollowed ? followedMs : holdMs, () => this.#release())
    this.#isFollowed = false
  }

  #release(): void {
    this.#timer = undefined
    const held = [...this.#held.values()]
    this.#held.clear()
    for (const message of held) this.#send(message)
  }
}

function isNotice(message: Message): message is Append {
  return message.type === 'appendEntries' && message.entries.length === 0
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
