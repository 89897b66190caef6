// NOT Raft: no terms, no elections, no matching of logs. Puts over HTTP go in groups to a file and to two followers, and are answered
// once two of three have flushed them. An upper bound for a durable key-value server of three Node processes.
//   ceiling-child.ts leader HTTP-PORT FILE FOLLOWER-PORT FOLLOWER-PORT | follower PORT FILE
import { fdatasync, fsyncSync, openSync, writeSync } from 'node:fs'
import { createServer as createHttpServer, type ServerResponse } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'

const [role, port, path, ...followerPorts] = process.argv.slice(2)
const lengthBytes = 4
const countBytes = 8

/** A ring of a zero-filled file: a flush changes no length and takes no new blocks. */
class RingFile {
  readonly #size = 64 * 2 ** 20
  readonly #file: number
  #at = 0

  constructor(path: string) {
    this.#file = openSync(path, 'w')
    const zeros = Buffer.alloc(2 ** 20)
    for (let written = 0; written < this.#size; written += zeros.length) writeSync(this.#file, zeros)
    fsyncSync(this.#file)
  }

  append(bytes: Buffer, flushed: () => void): void {
    if (this.#at + bytes.length > this.#size) this.#at = 0
    writeSync(this.#file, bytes, 0, bytes.length, this.#at)
    this.#at += bytes.length
    fdatasync(this.#file, error => {
      if (error !== null) throw error
      flushed()
    })
  }
}

/** Groups come as length, number of the last write in it, bytes; what gathers during a flush goes into the next. */
class Follower {
  readonly #file = new RingFile(path!)
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #waiting: Buffer[] = []
  #last = 0
  #flushing = false

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => {})
    socket.on('data', chunk => {
      this.#received = this.#received.length > 0 ? Buffer.concat([this.#received, chunk]) : chunk
      this.#take()
      this.#flush()
    })
  }

  #take(): void {
    for (;;) {
      const start = lengthBytes + countBytes
      const length = this.#received.length < start ? Number.POSITIVE_INFINITY : this.#received.readUInt32LE(0)
      if (this.#received.length < start + length) return
      this.#last = this.#received.readDoubleLE(lengthBytes)
      this.#waiting.push(this.#received.subarray(start, start + length))
      this.#received = this.#received.subarray(start + length)
    }
  }

  #flush(): void {
    if (this.#flushing || this.#waiting.length === 0) return
    const [group, last] = [Buffer.concat(this.#waiting), this.#last]
    this.#waiting = []
    this.#flushing = true
    this.#file.append(group, () => {
      this.#flushing = false
      this.#socket.write(countOf(last))
      this.#flush()
    })
  }
}

type Put = { readonly pairs: Readonly<Record<string, string>>; readonly body: Buffer; readonly response: ServerResponse }

class Leader {
  readonly #file = new RingFile(path!)
  readonly #followers: readonly Socket[]
  readonly #values = new Map<string, string>()
  /** How many writes each of the three has flushed. */
  readonly #flushed = [0, 0, 0]
  #gathering: Put[] = []
  #waiting: Put[] = []
  #sent = 0
  #answered = 0
  #flushing = false

  constructor(followers: readonly Socket[]) {
    this.#followers = followers
    for (const [at, socket] of followers.entries()) {
      let received: Buffer = Buffer.alloc(0)
      socket.on('data', chunk => {
        received = received.length > 0 ? Buffer.concat([received, chunk]) : chunk
        const whole = received.length - (received.length % countBytes)
        if (whole > 0) this.#flushed[at] = received.readDoubleLE(whole - countBytes)
        received = received.subarray(whole)
        this.#answer()
      })
    }
  }

  get(key: string): string | undefined {
    return this.#values.get(key)
  }

  put(body: Buffer, response: ServerResponse): void {
    this.#gathering.push({ pairs: JSON.parse(body.toString()), body, response })
    if (!this.#flushing) setImmediate(() => this.#send())
  }

  #send(): void {
    if (this.#flushing || this.#gathering.length === 0) return
    const group = Buffer.concat(this.#gathering.map(({ body }) => body))
    this.#sent += this.#gathering.length
    const last = this.#sent
    this.#waiting.push(...this.#gathering)
    this.#gathering = []
    const head = Buffer.alloc(lengthBytes)
    head.writeUInt32LE(group.length)
    const frame = Buffer.concat([head, countOf(last), group])
    for (const socket of this.#followers) socket.write(frame)
    this.#flushing = true
    this.#file.append(group, () => {
      this.#flushed[2] = last
      this.#flushing = false
      this.#answer()
      this.#send()
    })
  }

  /** What two of three have. */
  #answer(): void {
    const done = [...this.#flushed].sort((a, b) => a - b)[1]! - this.#answered
    for (const { pairs, response } of this.#waiting.splice(0, done)) {
      for (const [key, value] of Object.entries(pairs)) this.#values.set(key, value)
      response.end()
    }
    this.#answered += done
  }
}

function countOf(count: number): Buffer {
  const bytes = Buffer.alloc(countBytes)
  bytes.writeDoubleLE(count)
  return bytes
}

async function lead(): Promise<void> {
  const connected = (socket: Socket) => new Promise<Socket>(resolve => socket.once('connect', () => resolve(socket)))
  const followers = followerPorts.map(each => connect({ port: Number(each), host: '127.0.0.1', noDelay: true }))
  const leader = new Leader(await Promise.all(followers.map(connected)))
  const server = createHttpServer((request, response) => {
    if (request.method === 'GET') return response.end(leader.get(request.url?.slice('/key/'.length) ?? ''))
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => leader.put(Buffer.concat(chunks), response))
    return undefined
  })
  server.listen(Number(port), '127.0.0.1', () => console.log('up'))
}

if (role === 'leader') await lead()
else createServer({ noDelay: true }, socket => new Follower(socket)).listen(Number(port), '127.0.0.1', () => console.log('up'))
