import type { Coverage } from '../coverage.ts'
import type { Random } from '../random.ts'
import type { Schedule } from '../world/schedule.ts'
import type { End, Frame, Wire } from './connection.ts'
import { Connection } from './connection.ts'
import type { Process } from './process.ts'

export type NetworkFaults = {
  readonly delayMs: readonly [low: number, high: number]
  /** So many frames break their connection: they and what follows them are lost. */
  readonly lossRate: number
  /** So many frames must be sent again, and hold up those behind them, for up to `lateMs`. */
  readonly lateRate: number
  readonly lateMs: number
  /** So many parts of snapshots break the connection that carries them. */
  readonly cutTransferRate: number
  /** Bytes per millisecond on slow links. */
  readonly slowBytes: number
}

/** Somebody who listens at an address. */
export type Listener = { readonly process: Process; accept(end: End, remote: string): void }

export type DialOutcome = { connected(end: End): void; failed(refused: boolean): void }

export type NetworkOptions = {
  readonly schedule: Schedule
  readonly random: Random
  readonly faults: NetworkFaults
  readonly coverage: Coverage
  /** How long an end hears nothing before it gives its connection up. */
  readonly silenceMs: number
  readonly arrived: (from: string, to: End, frame: Frame) => void
}

/** The network between machines: addresses and who listens there, links and what is wrong with them. */
export class Network implements Wire {
  readonly #schedule: Schedule
  readonly #random: Random
  readonly #cuts: Random
  readonly #coverage: Coverage
  readonly #silenceMs: number
  readonly #arrived: NetworkOptions['arrived']
  #faults: NetworkFaults
  readonly #listeners = new Map<string, Listener>()
  readonly #connections = new Set<Connection>()
  readonly #off = new Set<string>()
  /** Directed pairs of hosts that cannot hear each other: `from>to`, and since when. */
  #cut = new Map<string, number>()
  #slow = new Set<string>()
  #lastPort = 40_000

  constructor({ schedule, random, faults, coverage, silenceMs, arrived }: NetworkOptions) {
    this.#schedule = schedule
    this.#random = random
    this.#cuts = random.fork('cut transfers')
    this.#faults = faults
    this.#coverage = coverage
    this.#silenceMs = silenceMs
    this.#arrived = arrived
  }

  // ── addresses ──

  /** False when the address is taken. */
  listen(address: string, listener: Listener): boolean {
    if (this.#listeners.has(address)) return false
    this.#listeners.set(address, listener)
    return true
  }
  unlisten(address: string, process: Process): void {
    if (this.#listeners.get(address)?.process === process) this.#listeners.delete(address)
  }
  isListening(process: Process): boolean {
    return [...this.#listeners.values()].some(listener => listener.process === process)
  }
  connectionsOf(process: Process): number {
    const ends = [...this.#connections].flatMap(({ near, far }) => [near, far])
    return ends.filter(end => end.process === process && end.isHeld).length
  }

  /** Asks again, as TCP does, while nothing comes back; who dials gives up when he likes, by `stillWanted`. */
  dial(process: Process, address: string, stillWanted: () => boolean, outcome: DialOutcome): void {
    const from = process.host
    const to = hostIn(address)
    const roundTrip = this.#delay(from, to) + this.#delay(to, from)
    this.later(roundTrip, () => {
      if (!process.isAlive || !stillWanted()) return
      if (this.#off.has(to) || this.isCut(from, to) || this.isCut(to, from)) {
        return this.later(retryMs, () => this.dial(process, address, stillWanted, outcome))
      }
      const listener = this.#listeners.get(address)
      process.enter(() => {
        if (!stillWanted()) return
        if (listener === undefined || this.#listeners.get(address) !== listener) return outcome.failed(true)
        this.#connect(process, listener, outcome)
      })
    })
  }

  #connect(process: Process, listener: Listener, outcome: DialOutcome): void {
    const connection = new Connection(this, process, listener.process)
    this.#connections.add(connection)
    listener.process.enter(() => listener.accept(connection.far, `${process.host}:${++this.#lastPort}`))
    outcome.connected(connection.near)
  }

  // ── machines ──

  /** The kernel closes what the process had open; whoever dials is refused. */
  processDied(process: Process): void {
    this.#endProcess(process, end => end.other.loseRest())
  }
  /** The machine is gone: nobody is told, and nobody answers. */
  powerCut(process: Process | undefined, host: string): void {
    this.#off.add(host)
    if (process === undefined) return
    this.#endProcess(process, end => {
      const { other } = end
      this.later(this.#silence(), () => other.giveUp())
    })
  }
  /** It is there again, and answers packets for connections that it does not know with a reset. */
  powerOn(host: string): void {
    this.#off.delete(host)
    for (const { near, far } of [...this.#connections]) {
      for (const end of [near, far]) if (end.other.host === host && end.other.isClosed) end.loseRest()
    }
  }

  #endProcess(process: Process, tell: (end: End) => void): void {
    for (const [address, listener] of this.#listeners) if (listener.process === process) this.#listeners.delete(address)
    for (const { near, far } of [...this.#connections]) {
      for (const end of [near, far]) {
        if (end.process !== process) continue
        const known = !end.isClosed
        end.vanish()
        if (known) tell(end)
      }
    }
  }

  /** Who waits for a process that stands still gives up after a while, unless it has gone on. */
  stopped(process: Process): void {
    const since = process.stoppedAt
    for (const { near, far } of this.#connections) {
      for (const end of [near, far]) {
        if (end.process !== process) continue
        this.later(this.#silence(), () => {
          if (process.isAlive && process.stoppedAt === since) end.other.giveUp()
        })
      }
    }
  }

  // ── links ──

  isCut(from: string, to: string): boolean {
    return this.#cut.size > 0 && this.#cut.has(`${from}>${to}`)
  }
  /** `hears(from, to)` decides for each directed pair. */
  partition(hosts: readonly string[], hears: (from: string, to: string) => boolean): void {
    this.#coverage.saw('partition')
    const cut = new Map<string, number>()
    for (const from of hosts) {
      for (const to of hosts) {
        if (from === to || hears(from, to)) continue
        const link = `${from}>${to}`
        cut.set(link, this.#cut.get(link) ?? this.#schedule.now)
      }
    }
    this.#setCut(cut)
    for (const { near, far } of this.#connections) for (const end of [near, far]) this.#noticeSilence(end)
  }
  #noticeSilence(end: End): void {
    const link = `${end.other.host}>${end.host}`
    const since = this.#cut.get(link)
    if (since === undefined) return
    this.later(this.#silence(), () => {
      if (this.#cut.get(link) === since) end.giveUp()
    })
  }
  reconnect(): void {
    this.#setCut(new Map())
  }
  #setCut(cut: Map<string, number>): void {
    const before = this.#cut
    this.#cut = cut
    for (const { near, far } of this.#connections) {
      for (const end of [near, far]) {
        const link = `${end.other.host}>${end.host}`
        if (before.has(link) && !cut.has(link)) end.retransmit(this.#random.next() * retryMs)
      }
    }
  }

  slowDown(links: Iterable<string>): void {
    this.#slow = new Set(links)
  }
  /** From now on the network is as good as `faults` says. */
  heal(faults: NetworkFaults): void {
    this.#faults = faults
    this.#slow = new Set()
    this.reconnect()
  }

  // ── for connections ──

  get now(): number {
    return this.#schedule.now
  }
  later(delayMs: number, run: () => void): void {
    this.#schedule.after(delayMs, run)
  }
  delay(from: string, to: string, frame: { readonly type: string }): number | undefined {
    const { lossRate, lateRate, lateMs, slowBytes, cutTransferRate } = this.#faults
    if (frame.type === 'chunk' && this.#cuts.chance(cutTransferRate)) {
      this.#coverage.saw('cut transfer')
      return undefined
    }
    if (lossRate > 0 && this.#random.chance(lossRate)) {
      this.#coverage.saw('lost message')
      return undefined
    }
    let delay = this.#delay(from, to)
    if (this.#slow.has(`${from}>${to}`)) delay += sizeOf(frame) / slowBytes
    if (lateRate > 0 && this.#random.chance(lateRate)) {
      this.#coverage.saw('late message')
      delay += this.#random.next() * lateMs
    }
    return delay
  }
  #delay(from: string, to: string): number {
    const [low, high] = this.#faults.delayMs
    const share = this.#random.next()
    const delay = low + (high - low) * share * share
    return this.#slow.has(`${from}>${to}`) ? 5 * delay : delay
  }
  share(): number {
    return this.#random.next()
  }
  arrived(end: End, frame: Frame): void {
    this.#arrived(end.other.host, end, frame)
  }
  forget(connection: Connection): void {
    if (connection.near.isClosed && connection.far.isClosed) this.#connections.delete(connection)
  }

  /** Four missed signs of life, and a part of the time until the next. */
  #silence(): number {
    return this.#silenceMs * (1 + this.#random.next() / 4)
  }
}

/** How long TCP waits before it sends again. */
const retryMs = 200

function hostIn(address: string): string {
  return address.slice(0, address.lastIndexOf(':'))
}

/** About as many bytes as it would have. */
function sizeOf(frame: {
  readonly type: string
  readonly message?: unknown
  readonly body?: Uint8Array
  readonly bytes?: Uint8Array
}): number {
  return 100 + (frame.body?.length ?? 0) + (frame.bytes?.length ?? 0)
}
