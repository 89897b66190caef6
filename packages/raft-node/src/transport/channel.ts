import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { nextTick } from 'node:process'
import type { Clock, Timer } from '../ports.ts'
import { encodeFrame, encodeHeader, type Frame, FrameDecoder, type FrameFault, type FrameType, frameType } from './frame.ts'

export type ChannelSettings = {
  readonly clock: Clock
  readonly maxFrameBytes: number
  /** How often each side says that it is there. */
  readonly pingMs: number
}

export type ChannelEvents = {
  frame(frame: Frame): void
  /** What arrives is no frame. Nothing more is read. */
  fault(fault: FrameFault): void
  /** Once, last. `cause`: the socket's error, if it had one. */
  closed(cause: NodeJS.ErrnoException | undefined): void
}

/** What a stranger may make us hold before it has said who it is. */
const helloBytesMax = 64 * 1024
/** So many pings in a row without a sign of life, and the other side is gone. */
const silentPingsMax = 4
const lingerMs = 1_000
/** Frames that weigh no more are copied into one. */
const togetherBytesMax = 64 * 1024

/**
 * A socket that carries frames. It gathers the frames of one callback of the event loop into one write, finds out when the other side
 * has silently gone, and never throws.
 */
export class Channel {
  readonly remote: string
  readonly #socket: Socket
  readonly #settings: ChannelSettings
  readonly #decoder = new FrameDecoder(helloBytesMax)
  #events: ChannelEvents
  #state: 'open' | 'finishing' | 'closed' = 'open'
  #cause: NodeJS.ErrnoException | undefined
  /** Frames of this callback of the event loop, and what they weigh. */
  #gathered: Buffer[] = []
  #gatheredBytes = 0
  #paused = false
  #timer: Timer | undefined
  #alive = true
  #silentPings = 0

  constructor(socket: Socket, remote: string, settings: ChannelSettings, events: ChannelEvents) {
    this.#socket = socket
    this.remote = remote
    this.#settings = settings
    this.#events = events
    socket.on('data', chunk => this.#read(chunk as Buffer))
    socket.on('error', error => {
      this.#cause = error
    })
    socket.on('close', () => this.#closed())
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Bytes that the kernel has not taken yet. */
  get queuedBytes(): number {
    return this.#socket.writableLength + this.#gatheredBytes
  }

  /** The handshake has passed: frames may be long now, go to a new receiver, and silence means that the other side is gone. */
  establish(events: ChannelEvents): void {
    this.#events = events
    this.#decoder.limit = this.#settings.maxFrameBytes
    if (this.isOpen) this.#ping()
  }

  /** Without effect once closed. */
  write(type: FrameType, payload: Uint8Array): void {
    this.writeFrame(encodeFrame(type, payload))
  }

  /** As `write`, without a copy: the payload must stay as it is until this resolves, with whether the kernel has taken it. */
  writeLong(type: FrameType, payload: Uint8Array): Promise<boolean> {
    this.writeFrame(encodeHeader(type, payload))
    this.#flush()
    if (this.#state !== 'open') return Promise.resolve(false)
    return new Promise(resolve =>
      this.#socket.write(payload, error => {
        this.#written()
        resolve(!error && this.#state === 'open' && !this.#socket.destroyed) // Node reports no error for what a close has cut short
      }),
    )
  }

  writeFrame(frame: Buffer): void {
    if (this.#state !== 'open') return
    // Not in the next turn: what this one has to say is said when its callback ends, and requests that have come meanwhile can wait.
    if (this.#gathered.push(frame) === 1) nextTick(this.#flush)
    this.#gatheredBytes += frame.length
  }

  /** Back-pressure: what already lies in the chunk at hand still arrives. */
  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    this.#alive = true
    if (this.#state !== 'closed') this.#socket.resume()
  }

  /** Says a last word and closes once it is out. Nothing more is read. */
  finish(lastWords: Uint8Array): void {
    if (this.#state !== 'open') return
    this.#state = 'finishing'
    this.#flush()
    this.#socket.end(lastWords)
    this.#socket.resume() // or unread bytes would turn the close into a reset that overtakes the last words
    this.#timer?.cancel()
    this.#timer = this.#settings.clock.after(lingerMs, () => this.#socket.destroy())
  }

  finishFrame(type: FrameType, payload: Uint8Array): void {
    this.finish(encodeFrame(type, payload))
  }

  /** At once. What was written in this turn is still handed to the kernel. `closed` follows. */
  close(): void {
    this.#state = 'closed'
    this.#flush()
    this.#timer?.cancel()
    this.#socket.destroy()
  }

  /** A backlog that moves is a sign of life; without a backlog, only the kernel has taken the bytes. */
  readonly #written = () => {
    if (this.#socket.writableLength > 0) this.#alive = true
  }

  #read(chunk: Buffer): void {
    this.#alive = true
    if (this.#state !== 'open') return
    this.#decoder.push(chunk)
    while (this.isOpen) {
      const next = this.#decoder.next()
      if (next === undefined) return
      if ('fault' in next) {
        this.#events.fault(next)
        return
      }
      if (next.type !== frameType.ping) this.#events.frame(next)
    }
  }

  #closed(): void {
    this.#state = 'closed'
    this.#timer?.cancel()
    this.#events.closed(this.#cause)
  }

  /**
   * Finds half-open connections. Counts pings instead of time: a process that was stopped, or whose event loop stood still, counts one
   * when it goes on, and hears the others first.
   */
  #ping(): void {
    this.#silentPings = this.#alive || this.#paused ? 0 : this.#silentPings + 1
    this.#alive = false
    if (this.#silentPings >= silentPingsMax) {
      this.close()
      return
    }
    if (this.queuedBytes === 0) this.write(frameType.ping, emptyPayload)
    this.#timer = this.#settings.clock.after(this.#settings.pingMs, () => this.#ping())
  }

  /** What is short goes in one piece: to cork the socket and to uncork it costs more than a copy. */
  readonly #flush = (): void => {
    if (this.#gathered.length === 0) return
    const isLong = this.#gatheredBytes > togetherBytesMax
    const frames = isLong || this.#gathered.length === 1 ? this.#gathered : [Buffer.concat(this.#gathered)]
    this.#gathered = []
    this.#gatheredBytes = 0
    for (const frame of frames) this.#socket.write(frame, this.#written)
  }
}

const emptyPayload = new Uint8Array(0)
