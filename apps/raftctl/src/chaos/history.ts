import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Deed, Operation } from 'raft-sim'

export type Counts = { readonly done: number; readonly reads: number; readonly unknown: number; readonly refused: number }

/** What clients did and saw, on one clock. */
export class History {
  readonly operations: Operation[] = []
  #reads = 0
  #unknown = 0
  #refused = 0

  /** Milliseconds since the process began. */
  now(): number {
    return performance.now()
  }

  done(client: number, call: number, deed: Deed): void {
    this.operations.push({ client, ...deed, call, return: this.now() })
    if (deed.op === 'read') this.#reads += 1
  }

  /** It may have happened, or may still. A read whose answer is lost says nothing, and is not kept. */
  unknown(client: number, call: number, deed: Deed): void {
    this.#unknown += 1
    if (deed.op !== 'read') this.operations.push({ client, ...deed, call, return: null })
  }

  /** The server says that it has not happened. If it lies, its value turns up although nobody has written it. */
  refused(): void {
    this.#refused += 1
  }

  /** Operations whose answer is known. */
  get counts(): Counts {
    const writesUnknown = this.operations.reduce((sum, { return: returned }) => sum + (returned === null ? 1 : 0), 0)
    return { done: this.operations.length - writesUnknown, reads: this.#reads, unknown: this.#unknown, refused: this.#refused }
  }

  /** As `npm run lin` reads it: one operation a line. */
  async save(file: string): Promise<void> {
    const stream = createWriteStream(file)
    for (const operation of this.operations) {
      if (!stream.write(`${JSON.stringify(operation)}\n`)) await once(stream, 'drain')
    }
    stream.end()
    await once(stream, 'finish')
  }
}
