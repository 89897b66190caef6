import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Seen = { readonly method: string | undefined; readonly url: string | undefined; readonly body: string; readonly token?: string }
export type Respond = (seen: Seen, response: ServerResponse, request: IncomingMessage) => void

/** A server that records what it is asked and answers as told. */
export async function scripted(respond: Respond) {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, headers } = request
      const token = headers.authorization
      const one = { method, url, body: Buffer.concat(chunks).toString(), ...(token !== undefined && { token }) }
      seen.push(one)
      respond(one, response, request)
    })
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { seen, port, endpoint: `127.0.0.1:${port}`, close, [Symbol.dispose]: close }
}

/** An address that nobody listens on. */
export async function deadEndpoint(): Promise<string> {
  using server = await scripted(() => {})
  return server.endpoint
}

export const ok =
  (body: unknown): Respond =>
  (_, response) =>
    response.end(JSON.stringify(body))

export const refuse =
  (status: number, code: string, outcome?: 'not-applied' | 'unknown'): Respond =>
  (_, response) =>
    response.writeHead(status).end(JSON.stringify({ error: { code, message: `because ${code}`, outcome } }))
