import { setMaxListeners } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import type { Logger } from 'pino'
import { type Address, listenError } from '../address.ts'
import { anybody, type Principal } from '../security/authority.ts'
import type { Exchange, Service } from './exchange.ts'
import type { Limits } from './limits.ts'
import { Query } from './query.ts'
import { Refusal, refusalReply } from './refusal.ts'
import { type Reply, raftHeaders, send } from './respond.ts'
import { type Route, route } from './router.ts'

/** The HTTP side of a node. Answers every request, also bad ones, through one place; knows nothing of keys. */
export class HttpServer {
  readonly #server: Server
  readonly #service: () => Service
  readonly #log: Logger | undefined
  readonly #inProgress = new Set<ServerResponse>()
  readonly #closing = new AbortController()
  #onIdle: () => void = () => {}

  /** `service` is asked at every request, since the node comes later than the port. */
  constructor(service: () => Service, log: Logger | undefined, tls?: SecureContextOptions) {
    this.#service = service
    this.#log = log
    setMaxListeners(0, this.#closing.signal)
    const options = serverOptions(service().limits)
    this.#server = tls === undefined ? createServer(options) : (createSecureServer({ ...options, ...tls }) as Server)
    this.#server.maxConnections = service().limits.connectionsMax
    this.#server.on('request', (request, response) => this.#answer(request, response))
    this.#server.on('checkContinue', (request, response) => this.#answer(request, response))
    this.#server.on('checkExpectation', (request, response) => this.#answer(request, response))
    this.#server.on('clientError', (error, socket) => this.#answerGarbage(error, socket as Socket))
  }

  /** Resolves with the address in use. @throws RaftError ADDRESS_IN_USE or ADDRESS_UNAVAILABLE. */
  listen(address: Address): Promise<Address> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', error => reject(listenError(error, address, 'http address')))
      this.#server.listen(address.port, address.host, () => {
        resolve({ host: address.host, port: (this.#server.address() as AddressInfo).port })
      })
    })
  }

  /** New connections get these certificates. */
  useCertificates(tls: SecureContextOptions): void {
    if ('setSecureContext' in this.#server)
      (this.#server as Server & { setSecureContext(tls: SecureContextOptions): void }).setSecureContext(tls)
  }

  /** Takes no more connections, ends idle ones and watches. Resolves once every request in progress is answered. */
  async drain(): Promise<void> {
    this.#closing.abort()
    this.#server.close()
    if (this.#inProgress.size > 0) await new Promise<void>(resolve => (this.#onIdle = resolve))
  }

  /** Ends every connection, whatever goes on there. */
  close(): void {
    this.#closing.abort()
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const gone = new AbortController()
    this.#inProgress.add(response)
    response.on('close', () => {
      if (!response.writableFinished) gone.abort()
      this.#inProgress.delete(response)
      if (this.#inProgress.size === 0) this.#onIdle()
    })
    response.on('error', () => {}) // the client has gone: nobody is left to tell
    this.#serve(request, response, gone.signal).catch(error => {
      this.#log?.error({ err: error }, 'http: the answer cannot be written')
      response.destroy()
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const began = performance.now()
    const service = this.#service()
    const method = request.method ?? 'GET'
    let found: Route | undefined
    let counted = false
    let by = ''
    let reply: Reply
    try {
      const target = originForm(request.url ?? '/')
      const [path = '', query = ''] = cut(target, '?')
      found = route(method, path)
      const principal = authorized(found, request, service)
      by = principal.name
      if (found.handler.access !== 'open') {
        service.load.begin()
        counted = true
      }
      const { rest } = found
      const closing = this.#closing.signal
      const exchange: Exchange = { service, request, response, rest, query: new Query(query), target, signal, closing, principal }
      reply = await found.handler.run(exchange)
    } catch (error) {
      reply = refusalReply(error, { isRead: method === 'GET' || method === 'HEAD' })
      if (reply.status === 500 && !(error instanceof Refusal)) this.#log?.error({ err: error }, `http: ${method} failed`)
    }
    if (found?.handler.access === 'admin' && method !== 'GET') this.#logOperation(method, request.url ?? '', by, reply.status)
    service.metrics.route(found === undefined ? 'other' : method, found?.path ?? 'other').answered(reply.status, performance.now() - began)
    try {
      await send(response, reply, this.#service().node, this.#closing.signal.aborted)
    } finally {
      if (counted) service.load.end()
    }
  }

  /** Who has changed the cluster itself, or tried to: whoever runs it will want to know. */
  #logOperation(method: string, url: string, by: string, status: number): void {
    const path = url.replace(/\?.*$/, '').slice(0, 200)
    this.#log?.info({ by, method, path, status }, `operator: ${by === '' ? 'somebody' : by} asked for ${method} ${path}: ${status}`)
  }

  /** What is not HTTP, or too slow, or has headers without end. */
  #answerGarbage(error: NodeJS.ErrnoException, socket: Socket): void {
    // To answer 400 while a request of this connection is in progress would say that nothing was done.
    const isBusy = [...this.#inProgress].some(response => response.socket === socket)
    if (!socket.writable || isBusy || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    const { status, contentType, body } = refusalReply(garbageRefusal(error.code), { isRead: false })
    const headers = { 'Content-Type': contentType, ...raftHeaders(this.#service().node), Connection: 'close' }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
  }
}

function serverOptions(limits: Limits) {
  return {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: 0, // the bodies are timed where they are read: those of restores take as long as they take
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(5_000, limits.headersTimeoutMs),
    maxHeaderSize: limits.headerBytesMax,
  }
}

/** @throws Refusal 401, 403. */
function authorized({ handler: { access } }: Route, request: IncomingMessage, { authority }: Service): Principal {
  if (authority === undefined || access === 'open' || access === 'own') return anybody
  return authority.check(request, access)
}

function garbageRefusal(code: string | undefined): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Refusal(408, 'REQUEST_TIMEOUT', 'the request took too long to arrive')
  if (code === 'HPE_HEADER_OVERFLOW') return new Refusal(431, 'HEADERS_TOO_LARGE', 'the request line and headers are too large')
  return new Refusal(400, 'NOT_HTTP', 'this is not HTTP')
}

/** Proxies may send the whole URL. */
function originForm(url: string): string {
  if (url.startsWith('/')) return url
  const withoutOrigin = url.replace(/^https?:\/\/[^/?]*/i, '')
  return withoutOrigin.startsWith('/') ? withoutOrigin : `/${withoutOrigin}`
}

function cut(text: string, at: string): readonly string[] {
  const place = text.indexOf(at)
  return place < 0 ? [text] : [text.slice(0, place), text.slice(place + 1)]
}
