import { Agent, get, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'

/** The server that is measured, and connections that stay open to it. */
export class Target {
  readonly #host: string
  readonly #port: number
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 })

  constructor(address: string) {
    const [host = '', port] = address.split(':')
    this.#host = host
    this.#port = Number(port)
  }

  /** @throws Error unless the answer is 200. */
  send(method: string, path: string, body: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const options = { host: this.#host, port: this.#port, agent: this.#agent, method, path }
      const sent = request(options, response => {
        response.resume()
        response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${path}: ${response.statusCode}`))))
        response.on('error', reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  /** An answer that is read as it comes, on a connection that stays open with this agent, or on one of its own. */
  open(path: string, agent: Agent | false = false): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      get({ host: this.#host, port: this.#port, path, agent }, resolve).on('error', reject)
    })
  }

  /** A connection that has asked something once, and is kept. */
  idle(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#port, this.#host, () => socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'))
      socket.once('data', () => resolve(socket))
      socket.on('error', reject)
    })
  }

  /** What `/metrics` says, by name. */
  async metric(name: string): Promise<number> {
    let text = ''
    for await (const chunk of await this.open('/metrics')) text += chunk
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  }
}

export type Latencies = { readonly perSecond: number; readonly p50: number; readonly p99: number }

/** So many writers, one write after the other, for a while. Milliseconds. */
export async function measureWrites(target: Target, writers: number, ms: number): Promise<Latencies> {
  const times: number[] = []
  const end = performance.now() + ms
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let n = 0; performance.now() < end; n++) {
        const began = performance.now()
        await target.send('PUT', `/v1/kv/w${writer}`, String(n))
        times.push(performance.now() - began)
      }
    }),
  )
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN
  return { perSecond: Math.round((times.length * 1_000) / ms), p50: at(0.5), p99: at(0.99) }
}
