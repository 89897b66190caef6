import type { SingleBar } from 'cli-progress'
import { bytesText } from '../output/units.ts'

type Streams = { readonly stream: NodeJS.WriteStream; readonly now?: () => number }

const everyMs = 2_000

/**
 * How far something long has come, on stderr: a bar in a terminal, elsewhere a line every two seconds, so that a log shows that it lives.
 * What is short prints nothing there.
 */
export class Progress {
  readonly #what: string
  readonly #total: number
  readonly #stream: NodeJS.WriteStream
  readonly #now: () => number
  #bar: SingleBar | undefined
  #done = 0
  #toldAt: number

  private constructor(what: string, total: number, { stream, now = () => performance.now() }: Streams) {
    this.#what = what
    this.#total = total
    this.#stream = stream
    this.#now = now
    this.#toldAt = now()
  }

  /** `total` in bytes. */
  static async start(what: string, total: number, streams: Streams = { stream: process.stderr }): Promise<Progress> {
    const progress = new Progress(what, total, streams)
    if (streams.stream.isTTY) await progress.#showBar()
    return progress
  }

  add(bytes: number): void {
    this.#done += bytes
    this.#bar?.update(Math.min(this.#done, this.#total), { done: bytesText(this.#done) })
    if (this.#bar !== undefined || this.#now() - this.#toldAt < everyMs) return
    this.#toldAt = this.#now()
    const percent = this.#total > 0 ? ` of ${bytesText(this.#total)} (${Math.floor((100 * this.#done) / this.#total)} %)` : ''
    this.#stream.write(`${this.#what}: ${bytesText(this.#done)}${percent}\n`)
  }

  end(): void {
    this.#bar?.stop()
  }

  async #showBar(): Promise<void> {
    const { default: library } = await import('cli-progress')
    const format = this.#total > 0 ? `${this.#what} {bar} {percentage} %  {done} of ${bytesText(this.#total)}` : `${this.#what} {done}`
    this.#bar = new library.SingleBar(
      { format, stream: this.#stream, hideCursor: true, clearOnComplete: true },
      library.Presets.shades_classic,
    )
    this.#bar.start(Math.max(this.#total, 1), 0, { done: bytesText(0) })
  }
}
