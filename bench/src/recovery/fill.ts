import { autocannon } from '../load/autocannon.ts'
import { measure } from '../load/load.ts'
import { findWrk } from '../load/wrk.ts'

const connections = 256
const sliceSeconds = 5

/** Writes until there are enough: each a request, and an entry of the log, of its own. */
export class Filler {
  /** What the writing took so far. */
  seconds = 0
  readonly #url: string
  readonly #keys: number
  readonly #tell: (done: number) => void

  constructor(url: string, keys: number, tell: (done: number) => void) {
    this.#url = url
    this.#keys = keys
    this.#tell = tell
  }

  /** How many there were in the end; fewer than asked for if the time was over. */
  async write(count: number, secondsAtMost: number): Promise<number> {
    const generator = (await findWrk()) ?? autocannon
    const started = performance.now()
    let done = 0
    while (done < count && (performance.now() - started) / 1000 < secondsAtMost) {
      this.#tell(done)
      const load = { url: this.#url, kind: 'put', connections, seconds: sliceSeconds, keys: this.#keys } as const
      const { perSecond } = await measure(generator, load, [])
      this.seconds += sliceSeconds
      done += Math.round(perSecond * sliceSeconds)
    }
    return done
  }
}
