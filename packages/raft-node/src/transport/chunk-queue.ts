type End = 'ended' | 'discarded' | { readonly error: Error }

/** Between a socket and a slow reader: holds at most about `bytesMax`, then stops the socket until the reader has caught up. */
export class ChunkQueue implements AsyncIterable<Uint8Array> {
  readonly #source: { pause(): void; resume(): void }
  readonly #chunks: Uint8Array[] = []
  #bytes = 0
  #isPaused = false
  #end: End | undefined
  #wake: () => void = () => {}

  constructor(source: { pause(): void; resume(): void }) {
    this.#source = source
  }

  push(chunk: Uint8Array): void {
    if (this.#end !== undefined) return
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes >= bytesMax && !this.#isPaused) {
      this.#isPaused = true
      this.#source.pause()
    }
    this.#wake()
  }

  end(): void {
    this.#finish('ended')
  }

  /** What the reader has not taken yet is dropped: it can only be thrown away. */
  fail(error: Error): void {
    this.#finish({ error })
  }

  /** The reader has gone. */
  discard(): void {
    this.#finish('discarded')
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (typeof this.#end === 'object') throw this.#end.error
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        this.#took(chunk)
        yield chunk
      } else if (this.#end === undefined) {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      } else return
    }
  }

  #took(chunk: Uint8Array): void {
    this.#bytes -= chunk.length
    if (this.#isPaused && this.#bytes < bytesMax / 2) this.#resume()
  }

  #finish(end: End): void {
    this.#end ??= end
    if (this.#end !== 'ended') {
      this.#chunks.length = 0
      this.#bytes = 0
    }
    this.#resume()
    this.#wake()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#source.resume()
  }
}

const bytesMax = 1024 * 1024
