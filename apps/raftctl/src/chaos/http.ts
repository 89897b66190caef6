import { Agent, request } from 'node:http'

export type Answer = { readonly status: number; readonly text: string }

/** Nobody answered. `sent`: whether the request may have arrived, and so may have been carried out. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  readonly sent: boolean

  constructor(message: string, sent: boolean) {
    super(message)
    this.sent = sent
  }
}

type Request = { readonly method: string; readonly path: string; readonly body?: string | undefined; readonly timeoutMs: number }

/**
 * One request to one node, never repeated: not by a library, not after a lost connection. What the history says of an operation must be
 * what happened to it.
 * @throws NoAnswer
 */
export function ask(address: string, { method, path, body, timeoutMs }: Request): Promise<Answer> {
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    const outgoing = request({ agent, host, port, method, path, timeout: timeoutMs }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => settle(() => resolve({ status: response.statusCode ?? 0, text })))
      response.on('error', error => settle(() => reject(new NoAnswer(error.message, true))))
    })
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    outgoing.on('error', (error: NodeJS.ErrnoException) => settle(() => reject(new NoAnswer(error.message, error.code !== 'ECONNREFUSED'))))
    outgoing.end(body)

    function settle(outcome: () => void): void {
      clearTimeout(timer)
      outcome()
    }
  })
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

export function closeConnections(): void {
  agent.destroy()
}
