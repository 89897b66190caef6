import { setMaxListeners } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import type { Logger } from 'pino'
import { type Address, listenError } from '../address.ts'
import { Answering } from './answering.ts'
import type { Service } from './exchange.ts'
import { InOrder } from './in-order.ts'
import type { Limits } from './limits.ts'
import { Refusal, refusalReply } from './refusal.ts'
import { type Reply, raftHeaders, send } from './respond.ts'
import { ShortWay } from './short-way.ts'

/** The HTTP side of a node. Answers every request, also bad ones, through one place; knows nothing of keys. */
export class HttpServer {
  readonly #server: Server
  readonly #service: () => Service
  readonly #log: Logger | undefined
  readonly #answering: Answering
  readonly #shortWay: ShortWay
  readonly #inProgress = new Set<ServerResponse>()
  readonly #inOrder = new InOrder()
  readonly #closing = new AbortController()
  /** What its signal says, too, more slowly: each signal is a shape of its own to V8. */
  #isClosing = false
  #onIdle: () => void = () => {}

  /** `service` is asked at every request, since the node comes later than the port. */
  constructor(service: () => Service, log: Logger | undefined, tls?: SecureContextOptions) {
    this.#service = service
    this.#log = log
    setMaxListeners(0, this.#closing.signal)
    const { limits } = service()
    const options = serverOptions(limits)
    const handshakeTimeout = limits.headersTimeoutMs
    this.#server = tls === undefined ? createServer(options) : (createSecureServer({ ...options, ...tls, handshakeTimeout }) as Server)
    this.#server.maxConnections = limits.connectionsMax
    const closing = this.#closing.signal
    this.#answering = new Answering(service, log, closing)
    this.#server.on('request', (request, response) => this.#take(request, response))
    this.#server.on('checkContinue', (request, response) => this.#take(request, response))
    this.#server.on('checkExpectation', (request, response) => this.#take(request, response, unexpected()))
    // Node would have garbage answered here, too, and the answer wait for a handshake that never comes.
    this.#server.prependListener('tlsClientError', (_, socket: Socket) => socket.destroy())
    this.#server.on('clientError', (error, socket) => this.#answerGarbage(error, socket as Socket))
    const toNode = this.#takeConnections(tls === undefined)
    this.#shortWay = new ShortWay({
      answering: this.#answering,
      limits,
      node: () => service().node,
      isClosing: () => this.#isClosing,
      toNode,
      onIdle: () => this.#checkIdle(),
    })
  }

  /** Connections come here before Node's server has them; not those that TLS is spoken on. Returns how they get there. */
  #takeConnections(isPlain: boolean): (socket: Socket) => void {
    const listeners = this.#server.listeners('connection')
    if (isPlain) {
      this.#server.removeAllListeners('connection')
      this.#server.on('connection', socket => this.#shortWay.take(socket))
    }
    return socket => {
      for (const listener of listeners) listener.call(this.#server, socket)
    }
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
    this.#takeNoMore()
    this.#shortWay.drain()
    if (this.#inProgress.size + this.#shortWay.inProgress > 0) await new Promise<void>(resolve => (this.#onIdle = resolve))
  }

  /** Ends every connection, whatever goes on there. */
  close(): void {
    this.#takeNoMore()
    this.#server.closeAllConnections()
    this.#shortWay.close()
  }

  #takeNoMore(): void {
    this.#isClosing = true
    this.#closing.abort()
    this.#server.close()
  }

  #take(request: IncomingMessage, response: ServerResponse, refusal = refusalOf(request)): void {
    this.#inOrder.take(request.socket, { response, answer: () => this.#answer(request, response, refusal) })
  }

  #answer(request: IncomingMessage, response: ServerResponse, refusal: Refusal | undefined): void {
    const gone = new AbortController()
    this.#inProgress.add(response)
    response.on('close', () => {
      if (!response.writableFinished) gone.abort()
      this.#inProgress.delete(response)
      this.#checkIdle()
    })
    response.on('error', () => {}) // the client has gone: nobody is left to tell
    if (refusal !== undefined) return void this.#send(response, refusalReply(refusal, { isRead: false }))
    const { method = 'GET', url = '/', headers } = request
    const incoming = { method, url, headers, body: { request, response }, signal: gone.signal }
    this.#answering.answer(incoming, reply => this.#send(response, reply))
  }

  async #send(response: ServerResponse, reply: Reply): Promise<void> {
    try {
      await send(response, reply, this.#service().node, this.#isClosing)
    } catch (error) {
      this.#log?.error({ err: error }, 'http: the answer cannot be written')
      response.destroy()
    }
  }

  #checkIdle(): void {
    if (this.#inProgress.size === 0 && this.#shortWay.inProgress === 0) this.#onIdle()
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
    requireHostHeader: false, // Node's own answer would say nothing
  }
}

/** What HTTP asks of a request, besides being one (RFC 9112 §3.2). */
function refusalOf({ httpVersion, headers }: IncomingMessage): Refusal | undefined {
  if (httpVersion !== '1.1' || headers.host !== undefined) return undefined
  return new Refusal(400, 'NOT_HTTP', 'a request of HTTP/1.1 names its host: the header Host is missing')
}

function unexpected(): Refusal {
  return new Refusal(417, 'NOT_HTTP', 'of what a request may expect (header Expect), only 100-continue is known')
}

function garbageRefusal(code: string | undefined): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Refusal(408, 'REQUEST_TIMEOUT', 'the request took too long to arrive')
  if (code === 'HPE_HEADER_OVERFLOW') return new Refusal(431, 'HEADERS_TOO_LARGE', 'the request line and headers are too large')
  return new Refusal(400, 'NOT_HTTP', 'this is not HTTP')
}
