const endOfHead = Buffer.from('\r\n\r\n')
const nothing = Buffer.alloc(0)

/**
 * Finds the end of one HTTP/1.1 answer after the other on a connection that never pipelines. Knows only answers with a length, which
 * is all that the servers here send: a general parser would cost the generator more than the request.
 */
export class AnswerReader {
  #bytes: Buffer = nothing

  /** The status once the answer is complete. Throws for an answer without a length. */
  push(chunk: Buffer): number | undefined {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    const head = this.#bytes.indexOf(endOfHead)
    if (head < 0) return undefined
    const text = this.#bytes.toString('latin1', 0, head)
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
    if (length === undefined) throw new Error(`an answer without a length: ${text.split('\r\n')[0]}`)
    if (this.#bytes.length < head + endOfHead.length + Number(length)) return undefined
    this.#bytes = nothing
    return Number(text.slice(9, 12))
  }
}
