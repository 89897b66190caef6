import { connect, createServer, type Server, type Socket } from 'node:net'

/** How bytes fare in one direction. */
export type Way = { readonly delayMs: number; readonly blocked: boolean }
/** The target has no process, or somebody has cut the link. */
type Reason = 'dead' | 'cut'
const clear: Way = { delayMs: 0, blocked: false }

/**
 * What one node dials instead of another one. Bytes are held back or delayed, never dropped or altered: that is what TCP makes of a lossy
 * network. A link that is closed refuses connections, as the port of a dead process does.
 */
export class Link {
  readonly #target: { readonly host: string; readonly port: number }
  readonly #pairs = new Set<Pair>()
  #server: Server | undefined
  #port = 0
  readonly #reasons = new Set<Reason>()
  #way: { there: Way; back: Way } = { there: clear, back: clear }

  constructor(targetHost: string, targetPort: number) {
    this.#target = { host: targetHost, port: targetPort }
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** Takes a port. Until somebody says otherwise, connections are refused. */
  async prepare(): Promise<void> {
    await this.#open()
    await this.refuse('dead', true)
  }

  /** Refuses connections, and breaks those that there are, for as long as there is one reason to. */
  async refuse(reason: Reason, is: boolean): Promise<void> {
    if (is) this.#reasons.add(reason)
    else this.#reasons.delete(reason)
    if (this.#reasons.size === 0) await this.#open()
    else this.#close()
  }

  async #open(): Promise<void> {
    if (this.#server !== undefined) return
    const server = createServer({ noDelay: true, allowHalfOpen: false }, socket => this.#accept(socket))
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.once('close', resolve) // somebody has cut it meanwhile
      server.listen({ host: '127.0.0.1', port: this.#port }, resolve)
    })
    const address = server.address()
    if (address !== null && typeof address === 'object') this.#port = address.port
  }

  #close(): void {
    const server = this.#server
    this.#server = undefined
    for (const pair of this.#pairs) pair.destroy()
    server?.close() // listens no more at once; when its last connection has ended is of no interest
  }

  /** From the dialler to its target. */
  set there(way: Partial<Way>) {
    this.#change({ ...this.#way, there: { ...this.#way.there, ...way } })
  }

  /** From the target to the dialler. */
  set back(way: Partial<Way>) {
    this.#change({ ...this.#way, back: { ...this.#way.back, ...way } })
  }

  #change(way: { there: Way; back: Way }): void {
    this.#way = way
    for (const pair of this.#pairs) pair.change(way)
  }

  #accept(socket: Socket): void {
    const pair = new Pair(socket, connect({ ...this.#target, noDelay: true }))
    pair.change(this.#way)
    this.#pairs.add(pair)
    pair.onClose = () => this.#pairs.delete(pair)
  }
}

/** One connection through a link. */
class Pair {
  readonly #sockets: readonly [Socket, Socket]
  readonly #there: OneWay
  readonly #back: OneWay
  onClose: () => void = () => undefined

  constructor(dialler: Socket, target: Socket) {
    this.#sockets = [dialler, target]
    this.#there = new OneWay(dialler, target)
    this.#back = new OneWay(target, dialler)
    for (const socket of this.#sockets) {
      socket.on('error', () => this.destroy())
      socket.on('close', () => this.destroy())
    }
  }

  change({ there, back }: { readonly there: Way; readonly back: Way }): void {
    this.#there.change(there)
    this.#back.change(back)
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#there.stop()
    this.#back.stop()
    this.onClose()
  }
}

/** So much may be under way in one direction; then the sender has to wait, as it would for a full window. */
const heldBytesMax = 1024 * 1024

class OneWay {
  readonly #from: Socket
  readonly #to: Socket
  /** Under way: what to deliver, and when. */
  #held: { readonly bytes: Buffer; readonly at: number }[] = []
  #heldBytes = 0
  #timer: NodeJS.Timeout | undefined
  #way: Way = clear

  constructor(from: Socket, to: Socket) {
    this.#from = from
    this.#to = to
    from.on('data', bytes => this.#take(bytes as Buffer))
    to.on('drain', () => this.#flow())
  }

  change(way: Way): void {
    this.#way = way
    this.#deliver()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#held = []
  }

  #take(bytes: Buffer): void {
    this.#held.push({ bytes, at: performance.now() + this.#way.delayMs })
    this.#heldBytes += bytes.length
    this.#deliver()
  }

  #deliver(): void {
    clearTimeout(this.#timer)
    const now = performance.now()
    while (!this.#way.blocked) {
      const next = this.#held[0]
      if (next === undefined) break
      if (next.at > now) {
        this.#timer = setTimeout(() => this.#deliver(), next.at - now)
        break
      }
      this.#held.shift()
      this.#heldBytes -= next.bytes.length
      if (!this.#to.destroyed) this.#to.write(next.bytes)
    }
    this.#flow()
  }

  #flow(): void {
    if (this.#heldBytes > heldBytesMax || this.#to.writableNeedDrain) this.#from.pause()
    else this.#from.resume()
  }
}
