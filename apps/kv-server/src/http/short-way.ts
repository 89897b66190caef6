import { Buffer } from 'node:buffer'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Node } from 'raft-node'
import type { CommandResult } from '../store/command.ts'
import type { Answering } from './answering.ts'
import type { Limits } from './limits.ts'
import { bytesIn, notModified, type Reply, raftLines } from './respond.ts'
import { WholeRequests } from './whole-request.ts'

type Parts = {
  readonly answering: Answering
  readonly limits: Limits
  readonly node: () => Node<CommandResult> | undefined
  /** The server takes no more requests. */
  readonly isClosing: () => boolean
  /** Node's own handling of a connection. */
  readonly toNode: (socket: Socket) => void
  /** While the server closes: a connection may have nothing in progress any more. */
  readonly onIdle: () => void
}

/**
 * Requests for keys, read and answered on the bare connection. Node's HTTP server makes two streams and a dozen objects for each request,
 * which costs more than all that Raft does for it (see docs/performance.md). Everything that is not a whole request for keys goes to that
 * server, with its connection: long bodies, lists, watches, pipelining, slow clients, garbage.
 */
export class ShortWay {
  readonly #parts: Parts
  readonly #connections = new Set<Connection>()
  #sweeping: NodeJS.Timeout | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get inProgress(): number {
    let count = 0
    for (const connection of this.#connections) if (connection.isInProgress) count++
    return count
  }

  take(socket: Socket): void {
    const connection: Connection = new Connection(socket, this.#parts, () => this.#forget(connection))
    this.#connections.add(connection)
    this.#sweeping ??= setInterval(() => this.#sweep(), sweepMs(this.#parts.limits)).unref()
  }

  /** Ends idle connections; the others are ended with their answer. */
  drain(): void {
    for (const connection of this.#connections) connection.drain()
  }

  close(): void {
    for (const connection of this.#connections) connection.destroy()
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection)
    if (this.#connections.size > 0) return
    clearInterval(this.#sweeping)
    this.#sweeping = undefined
  }

  #sweep(): void {
    const now = performance.now()
    let ended = 0
    for (const connection of this.#connections) {
      if (connection.sweep(now)) ended += 1
      if (ended === endedAtOnce) return void setImmediate(() => this.#sweep())
    }
  }
}

/** To end one takes 30 µs: thousands that were used together would keep everybody else waiting. */
const endedAtOnce = 100

/**
 * Connections are looked at this often, and those that have been idle for too long are ended: up to a quarter of the shorter time too late.
 * A timer of each, as sockets have it, is set anew with each request and each answer. A time of 0 never ends.
 */
function sweepMs({ headersTimeoutMs, keepAliveTimeoutMs }: Limits): number {
  const shorter = Math.min(headersTimeoutMs || Number.POSITIVE_INFINITY, keepAliveTimeoutMs || Number.POSITIVE_INFINITY)
  return Math.max(1, Math.min(shorter / 8, 60_000))
}

class Connection {
  readonly #socket: Socket
  readonly #parts: Parts
  readonly #gone = new AbortController()
  readonly #requests: WholeRequests
  readonly #left: () => void
  /** What came while a request was in progress. */
  #waiting: Buffer[] = []
  #isAsking = false
  /** When a sweep first found it so; undefined: none has since its last answer. */
  #idleSince: number | undefined
  #idleTimeoutMs: number

  constructor(socket: Socket, parts: Parts, left: () => void) {
    this.#socket = socket
    this.#parts = parts
    this.#left = left
    this.#requests = new WholeRequests(parts.limits.headerBytesMax)
    this.#idleTimeoutMs = parts.limits.headersTimeoutMs
    socket.on('data', this.#read)
    socket.on('end', this.#end)
    socket.on('close', this.#close)
    socket.on('error', ignore)
  }

  get isInProgress(): boolean {
    return this.#isAsking || this.#socket.writableLength > 0
  }

  drain(): void {
    if (this.#isAsking) return
    if (this.isInProgress) this.#endWithAnswer()
    else this.destroy()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Ends it if it has been idle for too long; whether it has. A client that is slow to take its answer has a timer of the socket. */
  sweep(now: number): boolean {
    if (this.#isAsking || this.#socket.destroyed || this.#socket.timeout || this.#idleTimeoutMs === 0) return false
    this.#idleSince ??= now
    if (now - this.#idleSince < this.#idleTimeoutMs) return false
    this.destroy()
    return true
  }

  readonly #read = (bytes: Buffer): void => {
    if (this.#isAsking) {
      this.#waiting.push(bytes)
      this.#socket.pause()
      return
    }
    const request = this.#requests.read(bytes)
    if (request === undefined || !isForKeys(request.url)) return this.#handOver([bytes])
    this.#isAsking = true
    const { method, url, headers, body } = request
    this.#parts.answering.answer({ method, url, headers, body, signal: this.#gone.signal }, this.#send)
  }

  readonly #send = (reply: Reply): undefined => {
    this.#isAsking = false
    this.#idleSince = undefined
    this.#idleTimeoutMs = this.#parts.limits.keepAliveTimeoutMs
    const { node, isClosing, limits } = this.#parts
    if (this.#socket.writable) {
      const last = isClosing() || reply.headers?.Connection === 'close'
      const taken = write(this.#socket, reply, headOf(reply, node(), last ? undefined : limits.keepAliveTimeoutMs))
      // Whatever is long is not "taken" at first, even where it has already left.
      if (!taken && this.#socket.writableLength > 0) this.#slowDown()
      if (last) return this.#endWithAnswer()
      if (this.#waiting.length > 0) this.#handOver(this.#waiting)
    }
    this.#tellIfIdle()
  }

  /** What the client still sends is dropped: having heard that the connection closes, it may send the same elsewhere (RFC 9112 §9.6). */
  #endWithAnswer(): undefined {
    this.#socket.off('data', this.#read)
    this.#socket.resume()
    this.#socket.end(() => this.#tellIfIdle())
  }

  #tellIfIdle(): void {
    if (this.#parts.isClosing()) this.#parts.onIdle()
  }

  /** A client that takes no answers gets no further ones. Its socket knows whether it takes any of it: otherwise it is ended after a while. */
  #slowDown(): void {
    this.#socket.pause()
    this.#socket.setTimeout(this.#parts.limits.keepAliveTimeoutMs, this.#giveUp)
    this.#socket.once('drain', this.#goOn)
  }

  readonly #goOn = (): void => {
    this.#socket.setTimeout(0, this.#giveUp)
    this.#socket.resume()
  }

  /** Node's server takes the connection, and reads what was read from it once more. */
  #handOver(chunks: readonly Buffer[]): void {
    const socket = this.#socket
    socket.off('data', this.#read)
    socket.off('end', this.#end)
    socket.off('close', this.#close)
    socket.off('error', ignore)
    socket.off('drain', this.#goOn)
    socket.setTimeout(0, this.#giveUp)
    this.#left()
    socket.pause()
    for (const chunk of chunks.toReversed()) socket.unshift(chunk)
    this.#parts.toNode(socket)
    socket.resume()
  }

  /** As Node's server sees it: who says no more wants to hear no more. */
  readonly #end = (): void => {
    this.#socket.end()
    if (this.#isAsking) this.#gone.abort()
  }

  readonly #giveUp = (): void => this.destroy()

  readonly #close = (): void => {
    this.#left()
    if (this.#isAsking) this.#gone.abort()
    this.#tellIfIdle()
  }
}

/** The client has gone: `close` follows. */
function ignore(): void {}

/** Their answers are never written bit by bit. */
function isForKeys(url: string): boolean {
  return url.startsWith('/key') || url.startsWith('/v1/kv/') || url === '/v1/txn'
}

/** False: the client takes less than it gets. */
function write(socket: Socket, { body }: Reply, head: string): boolean {
  if (typeof body === 'function') throw new Error('an answer for keys is whole')
  if (typeof body !== 'string') {
    const bytes = Buffer.allocUnsafe(head.length + body.length)
    bytes.write(head, 0, 'latin1')
    bytes.set(body, head.length)
    return socket.write(bytes)
  }
  return Buffer.byteLength(body) === body.length ? socket.write(head + body, 'latin1') : socket.write(head + body)
}

/** `keepMs`: how long the connection is kept; undefined: it is closed. */
function headOf(reply: Reply, node: Node<CommandResult> | undefined, keepMs: number | undefined): string {
  const { status, contentType, body, headers } = reply
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
  if (status !== notModified) head += `Content-Type: ${contentType}\r\nContent-Length: ${bytesIn(body as string | Uint8Array)}\r\n`
  if (headers !== undefined) for (const name in headers) if (name !== 'Connection') head += `${name}: ${headers[name]}\r\n`
  return head + raftLines(node, reply.index) + endOf(keepMs)
}

let ending = { second: -1, keepMs: undefined as number | undefined, text: '' }

/** The same for all answers of a second, mostly. */
function endOf(keepMs: number | undefined): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== ending.second || keepMs !== ending.keepMs) {
    const keep = keepMs === undefined ? 'close' : `keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepMs / 1000)}`
    ending = { second, keepMs, text: `Date: ${new Date(1000 * second).toUTCString()}\r\nConnection: ${keep}\r\n\r\n` }
  }
  return ending.text
}
