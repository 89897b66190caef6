import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const clients = 20
const perSecond = 200
const timeoutMs = 250
const retryMs = 10

export const writersAbout = `${perSecond} writes a second by ${clients} clients over all nodes; a try ends after ${timeoutMs} ms, the next goes to the next node ${retryMs} ms later.`

/** Clients as an application has them: each keeps to a node as long as it answers. */
export class Writers {
  /** When each write succeeded, in order. */
  readonly #succeeded: number[] = []
  readonly #agent = new Agent({ keepAlive: true })
  readonly #urls: readonly string[]
  readonly #running: Promise<void>[]
  #stopped = false
  failedTries = 0

  constructor(urls: readonly string[]) {
    this.#urls = urls
    this.#running = Array.from({ length: clients }, (_, at) => this.#run(at))
  }

  sinceLast(): number {
    return performance.now() - (this.#succeeded.at(-1) ?? 0)
  }

  firstAfter(moment: number): number | undefined {
    return this.#succeeded.find(at => at > moment)
  }

  /** Between two writes that followed each other, the later of them after `moment`. */
  longestGap(moment: number): number {
    return this.#succeeded.reduce((longest, at, i) => (at > moment ? Math.max(longest, at - (this.#succeeded[i - 1] ?? at)) : longest), 0)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#running)
    this.#agent.destroy()
  }

  async #run(client: number): Promise<void> {
    const everyMs = (1000 * clients) / perSecond
    let due = performance.now() + (client * everyMs) / clients
    let node = client % this.#urls.length
    for (let count = 0; !this.#stopped; count++) {
      await sleep(Math.max(0, due - performance.now()))
      due = Math.max(due + everyMs, performance.now() - everyMs)
      node = await this.#write(node, `client${client}-${count % 100}`)
    }
  }

  /** Tries until it is written; the node that took it. */
  async #write(first: number, key: string): Promise<number> {
    for (let node = first; ; node = (node + 1) % this.#urls.length) {
      if (await this.#try(this.#urls[node]!, key)) {
        this.#succeeded.push(performance.now())
        return node
      }
      if (this.#stopped) return node
      this.failedTries += 1
      await sleep(retryMs)
    }
  }

  #try(url: string, key: string): Promise<boolean> {
    const body = JSON.stringify({ [key]: 'v'.repeat(256) })
    return new Promise(resolve => {
      const attempt = request(`${url}/key`, { method: 'POST', agent: this.#agent, headers: { 'Content-Length': body.length } }, answer => {
        answer.resume().on('end', () => resolve(answer.statusCode === 200))
      })
      const timer = setTimeout(() => attempt.destroy(), timeoutMs)
      attempt.on('error', () => resolve(false))
      attempt.on('close', () => {
        clearTimeout(timer)
        resolve(false)
      })
      attempt.end(body)
    })
  }
}
