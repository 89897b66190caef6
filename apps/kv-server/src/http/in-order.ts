import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** So many wait at one connection before nothing more is read from it: they are in memory, and what they wait for may be a watch. */
const waitingMax = 16

type Waiting = { readonly response: ServerResponse; readonly answer: () => void }

/**
 * The requests of each connection, one after the other: who sends several at once may rely on their order (RFC 9112 §9.3.2). Node hands
 * out each as soon as it is read, and keeps only the answers in order.
 */
export class InOrder {
  readonly #lines = new WeakMap<Socket, Line>()

  take(socket: Socket, waiting: Waiting): void {
    let line = this.#lines.get(socket)
    if (line === undefined) {
      line = new Line(socket)
      this.#lines.set(socket, line)
    }
    line.join(waiting)
  }
}

class Line {
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []
  #isBusy = false
  #willPause = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  join(waiting: Waiting): void {
    if (!this.#isBusy) return this.#begin(waiting)
    this.#waiting.push(waiting)
    if (this.#waiting.length < waitingMax || this.#willPause) return
    // In a turn of its own: with each request that it has read, Node asks its socket for the next.
    this.#willPause = true
    setImmediate(() => {
      this.#willPause = false
      if (this.#waiting.length >= waitingMax) this.#socket.pause()
    })
  }

  #begin({ response, answer }: Waiting): void {
    this.#isBusy = true
    response.once('close', () => this.#next())
    answer()
  }

  #next(): void {
    this.#isBusy = false
    const next = this.#waiting.shift()
    if (next === undefined) return
    // Node gives it no socket where the connection has ended, or ends with the answer before: who hears that may ask again elsewhere.
    if (next.response.socket === null) {
      this.#waiting.length = 0
      return
    }
    if (this.#waiting.length < waitingMax) this.#socket.resume()
    this.#begin(next)
  }
}
