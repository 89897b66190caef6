import type { Index } from '../log/entry.ts'

/** The appendEntries on their way to one follower: their last indices and payload sizes, oldest first, never more than the window. */
export class Inflight {
  readonly #maxMessages: number
  readonly #maxBytes: number
  readonly #lastIndices: Index[] = []
  readonly #sizes: number[] = []
  /** From here to there they are: what lies before was acknowledged, what lies after is left from earlier. */
  #start = 0
  #end = 0
  #bytes = 0

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages
    this.#maxBytes = maxBytes
  }

  get count(): number {
    return this.#end - this.#start
  }
  get isFull(): boolean {
    return this.count >= this.#maxMessages || (this.#maxBytes !== Infinity && this.#bytes >= this.#maxBytes)
  }

  /** Oldest first: what each of them reaches up to. */
  get ends(): readonly Index[] {
    return this.#lastIndices.slice(this.#start, this.#end)
  }

  add(last: Index, bytes: number): void {
    if (this.#end >= 2 * this.#maxMessages) this.#moveToFront()
    this.#lastIndices[this.#end] = last
    this.#sizes[this.#end++] = bytes
    this.#bytes += bytes
  }

  /** An acknowledgement up to `index` stands for everything sent before it. */
  freeTo(index: Index): void {
    while (this.#start < this.#end && this.#lastIndices[this.#start]! <= index) this.#bytes -= this.#sizes[this.#start++]!
    if (this.#start === this.#end) this.clear()
  }

  clear(): void {
    this.#start = this.#end = this.#bytes = 0
  }

  #moveToFront(): void {
    this.#lastIndices.copyWithin(0, this.#start, this.#end)
    this.#sizes.copyWithin(0, this.#start, this.#end)
    this.#end -= this.#start
    this.#start = 0
  }
}
