import type { Index } from '../log/entry.ts'

/** The appendEntries on their way to one follower: their last indices and payload sizes, oldest first, never more than the window. */
export class Inflight {
  readonly #maxMessages: number
  readonly #maxBytes: number
  #lastIndices: Index[] = []
  #sizes: number[] = []
  /** Where the oldest is: what lies before it was acknowledged. */
  #start = 0
  #bytes = 0

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages
    this.#maxBytes = maxBytes
  }

  get count(): number {
    return this.#lastIndices.length - this.#start
  }
  get isFull(): boolean {
    return this.count >= this.#maxMessages || (this.#maxBytes !== Infinity && this.#bytes >= this.#maxBytes)
  }

  add(last: Index, bytes: number): void {
    this.#lastIndices.push(last)
    this.#sizes.push(bytes)
    this.#bytes += bytes
  }

  /** An acknowledgement up to `index` stands for everything sent before it. */
  freeTo(index: Index): void {
    const end = this.#lastIndices.length
    while (this.#start < end && this.#lastIndices[this.#start]! <= index) this.#bytes -= this.#sizes[this.#start++]!
    if (this.#start === end) this.clear()
    else if (this.#start > 64 && this.#start * 2 > end) this.#shrink()
  }

  clear(): void {
    this.#lastIndices.length = this.#sizes.length = this.#start = this.#bytes = 0
  }

  #shrink(): void {
    this.#lastIndices = this.#lastIndices.slice(this.#start)
    this.#sizes = this.#sizes.slice(this.#start)
    this.#start = 0
  }
}
