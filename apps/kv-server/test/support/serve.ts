import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import type { NonLeaderMode } from 'kv-client'
import { defaultLimits, type Limits } from '../../src/http/limits.ts'
import { HttpServer } from '../../src/http/server.ts'
import { KvStore } from '../../src/store/kv-store.ts'
import { FakeNode } from './fake-node.ts'

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string; json(): unknown }

/** An HTTP server over a fake node, on a free port. */
export async function serve({ nonLeader = 'forward', limits = {}, started = true }: Options = {}) {
  const store = new KvStore()
  const node = new FakeNode(store)
  const connected = new Set<string>()
  const all: Limits = { ...defaultLimits, ...limits }
  const server = new HttpServer(
    () => ({ store, node: started ? node : undefined, connections: connected, nonLeader, limits: all }),
    undefined,
  )
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    store,
    node,
    connected,
    server,
    port,
    ask: (method: string, path: string, body?: string | Buffer, headers: Record<string, string> = {}) =>
      ask({ port, method, path, body, headers }),
    raw: (bytes: string | Buffer) => raw(port, bytes),
    [Symbol.dispose]: () => server.close(),
  }
}
type Options = { readonly nonLeader?: NonLeaderMode; readonly limits?: Partial<Limits>; readonly started?: boolean }

type Ask = { port: number; method: string; path: string; body: string | Buffer | undefined; headers: Record<string, string> }

/** With node:http, since fetch normalizes paths and follows redirects. */
function ask({ port, method, path, body, headers }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', method, path, headers, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) })
      })
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Sends bytes as they are; resolves with all that comes back until the server closes. */
function raw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let text = ''
    socket.on('data', chunk => (text += chunk))
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
}
