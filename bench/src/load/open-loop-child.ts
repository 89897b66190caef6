// Makes load at a fixed rate, in a process of its own: open-loop-child.ts LOAD-AS-JSON (with perSecond). Prints a LoadResult as its last line.
import { connect, type Socket } from 'node:net'
import { AnswerReader } from './answer-reader.ts'
import { Latencies } from './latencies.ts'
import type { Load, LoadResult } from './load.ts'
import { bytesOf, requestsOf } from './requests.ts'

/** What is not answered so long after the end counts as an error. */
const graceMs = 10_000

const load = JSON.parse(process.argv[2] ?? '{}') as Load & { perSecond: number }
const { host, hostname, port } = new URL(load.url)
const requests = requestsOf(load).map(request => bytesOf(request, host))
const total = Math.round(load.perSecond * load.seconds)
const latencies = new Latencies()
const idle: Connection[] = []
const late: number[] = [] // when what waits for a connection was due
let due = 0
let failed = 0
let done = 0

class Connection {
  readonly #socket: Socket
  readonly #answers = new AnswerReader()
  #dueAt = 0
  #busy = false

  constructor() {
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => this.#next())
    this.#socket.on('data', chunk => this.#read(chunk))
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => this.#lost())
  }

  send(dueAt: number): void {
    this.#dueAt = dueAt
    this.#busy = true
    this.#socket.write(requests[due % requests.length]!)
  }

  #read(chunk: Buffer): void {
    const status = this.#answers.push(chunk)
    if (status === undefined) return
    this.#busy = false
    if (status >= 200 && status < 300) latencies.record(performance.now() - this.#dueAt)
    else failed += 1
    finish()
    this.#next()
  }

  #next(): void {
    const waiting = late.shift()
    if (waiting === undefined) idle.push(this)
    else this.send(waiting)
  }

  #lost(): void {
    if (this.#busy) {
      failed += 1
      finish()
    }
    const at = idle.indexOf(this)
    if (at >= 0) idle.splice(at, 1)
    if (done < total) setTimeout(() => new Connection(), 100)
  }
}

for (let i = 0; i < load.connections; i++) new Connection()
const started = performance.now() + 200 // time to connect
const timer = setInterval(release, 1)

/** All that has become due since the last time. */
function release(): void {
  const now = performance.now()
  for (; due < total; due++) {
    const dueAt = started + (1000 * due) / load.perSecond
    if (dueAt > now) return
    const connection = idle.pop()
    if (connection === undefined) late.push(dueAt)
    else connection.send(dueAt)
  }
  if (now > started + 1000 * load.seconds + graceMs) report()
}

function finish(): void {
  done += 1
  if (done === total) report()
}

function report(): void {
  clearInterval(timer)
  const seconds = Math.max(load.seconds, (performance.now() - started) / 1000)
  const result: LoadResult = { perSecond: latencies.count / seconds, latency: latencies.summary(), errors: failed + total - done }
  console.log(JSON.stringify(result))
  process.exit()
}
