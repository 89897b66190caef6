import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import type { NonLeaderMode } from 'kv-client'
import type { Node } from 'raft-node'
import { defaultLimits, type Limits } from '../../src/http/limits.ts'
import { type NamesDoubted, Pages } from '../../src/http/pages.ts'
import { HttpServer } from '../../src/http/server.ts'
import { Authority } from '../../src/security/authority.ts'
import { makeService } from '../../src/service.ts'
import type { CommandResult } from '../../src/store/command.ts'
import { encodeCommand } from '../../src/store/command-codec.ts'
import { KvStore } from '../../src/store/kv-store.ts'
import { FakeNode } from './fake-node.ts'

export type Answer = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly bytes: Buffer
  /** Of an error. */
  readonly code: string | undefined
  json(): unknown
}

/** An HTTP server over a fake node, on a free port. */
export async function serve({
  nonLeader = 'forward',
  limits = {},
  started = true,
  tokens,
  store = new KvStore(),
  corsOrigins,
  namesDoubted,
}: Options = {}) {
  const authority = tokens === undefined ? undefined : new Authority(tokens)
  const node = new FakeNode(store)
  const connected = new Set<string>()
  const all: Limits = { ...defaultLimits, ...limits }
  const pages = new Pages(corsOrigins, namesDoubted)
  const service = makeService({ store, connections: connected, limits: all, nonLeader, authority, pages })
  if (started) service.started(node as unknown as Node<CommandResult>)
  const server = new HttpServer(service.current, undefined)
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    store,
    node,
    connected,
    server,
    port,
    ask: (method: string, path: string, body?: string | Buffer, headers: Record<string, string> = {}) =>
      ask({ port, method, path, body, headers }),
    /** `end`: this side says that nothing follows. */
    raw: (bytes: string | Buffer, { end = false } = {}) => raw(port, bytes, end),
    service: service.current(),
    /** So much log time is recorded. */
    pass: (nowMs: number) => store.apply(encodeCommand({ type: 'time', sinceMs: store.time, nowMs }), ++node.index),
    [Symbol.dispose]: () => {
      service.stop()
      server.close()
    },
  }
}
type Options = {
  readonly nonLeader?: NonLeaderMode
  readonly limits?: Partial<Limits>
  readonly started?: boolean
  readonly tokens?: string
  readonly corsOrigins?: readonly string[]
  readonly namesDoubted?: NamesDoubted
  readonly store?: KvStore
}

type Ask = { port: number; method: string; path: string; body: string | Buffer | undefined; headers: Record<string, string> }

/** With node:http, since fetch normalizes paths and follows redirects. */
function ask({ port, method, path, body, headers }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', method, path, headers, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () => {
        const bytes = Buffer.concat(chunks)
        const text = bytes.toString()
        const status = response.statusCode ?? 0
        const code = /^\{"error":\{"code":"(\w+)"/.exec(text)?.[1]
        resolve({ status, headers: response.headers, text, bytes, code, json: () => JSON.parse(text) })
      })
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Sends bytes as they are; resolves with all that comes back until the server closes. */
function raw(port: number, bytes: string | Buffer, end: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => (end ? socket.end(bytes) : socket.write(bytes)))
    let text = ''
    socket.on('data', chunk => (text += chunk))
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
}
