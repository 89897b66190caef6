import type { CallOptions, DroppedEvents, NodeEvent } from './api.ts'

type Listener = (event: NodeEvent) => void

/** What a slow reader is kept; then the oldest are dropped, and it hears how many. */
const bufferMax = 1_000

/** Everybody who wants to hear what happens to a node. A listener that throws is its own trouble: the node goes on. */
export class EventHub {
  readonly #listeners = new Set<Listener>()
  #ended = false
  readonly #readers = new Set<Reader>()

  emit(event: NodeEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch {
        // Nothing to do with it here.
      }
    }
    for (const reader of this.#readers) reader.push(event)
  }

  /** Returns how to stop listening. */
  add(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async *read({ signal }: Pick<CallOptions, 'signal'>): AsyncGenerator<NodeEvent | DroppedEvents> {
    if (this.#ended) return
    const reader = new Reader(signal)
    this.#readers.add(reader)
    try {
      yield* reader.events()
    } finally {
      this.#readers.delete(reader)
      reader.end()
    }
  }

  /** The node is closed: nothing more will happen. */
  end(): void {
    this.#ended = true
    for (const reader of this.#readers) reader.end()
  }
}

class Reader {
  #buffer: NodeEvent[] = []
  #dropped = 0
  #ended = false
  #wake: (() => void) | undefined
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = () => this.end()

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (signal?.aborted) this.end()
  }

  push(event: NodeEvent): void {
    this.#buffer.push(event)
    if (this.#buffer.length > bufferMax) {
      this.#buffer.shift()
      this.#dropped += 1
    }
    this.#wake?.()
  }

  end(): void {
    this.#ended = true
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#wake?.()
  }

  /** What is buffered comes before the end. */
  async *events(): AsyncGenerator<NodeEvent | DroppedEvents> {
    for (;;) {
      if (this.#dropped > 0) {
        const count = this.#dropped
        this.#dropped = 0
        yield { type: 'dropped', count }
      }
      const event = this.#buffer.shift()
      if (event !== undefined) yield event
      else if (this.#ended) return
      else await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }
}
