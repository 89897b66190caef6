import type { WriteStream } from 'node:tty'
import type { FaultEvent } from './nemesis.ts'
import { injected, picture, type Scene } from './picture.ts'

/** Where it is shown what is going on. */
export interface Screen {
  /** Several times a second. */
  draw(scene: Scene): void
  event(event: FaultEvent): void
  /** Once, before the summary. */
  end(): void
}

/** A picture that is drawn over itself. */
export class LiveScreen implements Screen {
  readonly #stream: WriteStream
  #lines = 0

  constructor(stream: WriteStream) {
    this.#stream = stream
  }

  draw(scene: Scene): void {
    const width = this.#stream.columns || 80
    const lines = picture(scene).map(line => line.slice(0, width - 1))
    const up = this.#lines === 0 ? '' : `\x1b[${this.#lines}A`
    this.#stream.write(`${up}${lines.map(line => `\x1b[2K${line}\n`).join('')}`)
    this.#lines = lines.length
  }

  event(): void {
    // the picture shows it
  }

  end(): void {
    this.#stream.write('\n')
  }
}

const summaryEveryMs = 10_000

/** One line for everything that happens, and now and then how far it is: for logs and pipes. */
export class PlainScreen implements Screen {
  readonly #write: (line: string) => void
  #nextMs = summaryEveryMs

  constructor(write: (line: string) => void) {
    this.#write = write
  }

  draw({ elapsedMs, counts, rate, summary }: Scene): void {
    if (elapsedMs < this.#nextMs) return
    this.#nextMs += summaryEveryMs
    this.#write(`${seconds(elapsedMs)}  ${counts.done} operations done, ${rate.mean.toFixed(0)} a second; ${injected(summary)}`)
  }

  event({ atMs, kind, what }: FaultEvent): void {
    this.#write(`${seconds(atMs)}  ${kind === 'begun' ? '' : `${kind}: `}${what}`)
  }

  end(): void {
    // nothing to tidy up
  }
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1).padStart(6)} s`
}
