/** Tells on the terminal, beside the report, how far a run has come. */
export class Progress {
  readonly #stream: NodeJS.WriteStream
  #open = false

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  /** What is happening now: one line that the next one replaces. Where lines cannot be replaced, nothing. */
  now(text: string): void {
    if (!this.#stream.isTTY) return
    this.#replace(text.slice(0, this.#stream.columns - 1))
    this.#open = true
  }

  /** What has been measured: a line that stays. */
  done(text: string): void {
    this.clear()
    this.#stream.write(`${text}\n`)
  }

  clear(): void {
    if (this.#open) this.#replace('')
    this.#open = false
  }

  #replace(text: string): void {
    this.#stream.write(`\r\u001B[K${text}`)
  }
}
