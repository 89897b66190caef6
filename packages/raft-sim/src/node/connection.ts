import type { Message, NodeId } from 'raft-core'
import type { HandshakeRefusal, Hello, RaftErrorCode, RaftErrorDetails, SnapshotMeta } from 'raft-node'
import type { Process } from './process.ts'

/** What the connection will carry. */
export type Purpose = 'messages' | 'snapshot'

/** What one end says to the other. */
export type Frame =
  | { readonly type: 'hello'; readonly hello: Hello; readonly expects: NodeId; readonly purpose: Purpose }
  | { readonly type: 'refusal'; readonly reason: HandshakeRefusal; readonly hello: Hello }
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'request'; readonly id: number; readonly body: Uint8Array }
  | { readonly type: 'answer'; readonly id: number; readonly body: Uint8Array }
  | { readonly type: 'failure'; readonly id: number; readonly error: Failure }
  | { readonly type: 'snapshot'; readonly message: Message; readonly meta: SnapshotMeta }
  /** So many bytes of it are there already: send the others. */
  | { readonly type: 'rest'; readonly from: number }
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  /** A chunk was taken: there is room for another. */
  | { readonly type: 'room' }
  | { readonly type: 'received' }

export type Failure = { readonly code: RaftErrorCode; readonly message: string } & Pick<RaftErrorDetails, 'outcome' | 'leader'>

export type Receiver = {
  frame(frame: Frame): void
  /** Once, last: no more comes, and nothing arrives any more. */
  closed(): void
}

/** What ends a stream of frames: nothing more is sent. */
type Close = { readonly type: 'close' }
type UnderWay = { readonly frame: Frame | Close; at: number }

/** The network as a connection meets it. */
export type Wire = {
  readonly now: number
  /** How long this takes from host to host; undefined: it breaks the connection. */
  delay(from: string, to: string, frame: Frame | Close): number | undefined
  isCut(from: string, to: string): boolean
  later(delayMs: number, run: () => void): void
  /** For a reset: how much of what is under way still arrives. */
  share(): number
  arrived(end: End, frame: Frame): void
  forget(connection: Connection): void
}

/**
 * Two ends of a TCP connection. Each direction delivers in order, or not at all from some point on. While a direction is cut nothing of
 * it arrives; the kernel sends it again once it can.
 */
export class Connection {
  readonly near: End
  readonly far: End

  constructor(wire: Wire, near: Process, far: Process) {
    this.near = new End(this, wire, near)
    this.far = new End(this, wire, far)
  }

  other(end: End): End {
    return end === this.near ? this.far : this.near
  }
  /** Both ends learn that it is broken; of what was under way some may still arrive. */
  reset(): void {
    this.near.loseRest()
    this.far.loseRest()
  }
}

/** Rounding must not make a frame wait for ever. */
const roundingMs = 1e-6
const lingerMs = 1_000

export class End {
  readonly process: Process
  readonly connection: Connection
  readonly #wire: Wire
  #receiver: Receiver | undefined
  /** What is under way to this end, in order. */
  #underWay: UnderWay[] = []
  #state: 'open' | 'finishing' | 'closed' = 'open'

  constructor(connection: Connection, wire: Wire, process: Process) {
    this.connection = connection
    this.#wire = wire
    this.process = process
  }

  get host(): string {
    return this.process.host
  }
  get isOpen(): boolean {
    return this.#state === 'open'
  }
  get isClosed(): boolean {
    return this.#state === 'closed'
  }
  /** The process has it: what nobody has accepted yet, the kernel closes with the port. */
  get isHeld(): boolean {
    return !this.isClosed && this.#receiver !== undefined
  }
  get other(): End {
    return this.connection.other(this)
  }
  /** Frames that the other end has not taken yet. */
  get queued(): number {
    return this.other.#underWay.length
  }

  /** From now on this is where frames go. */
  receive(receiver: Receiver): void {
    this.#receiver = receiver
  }

  send(frame: Frame): void {
    if (this.isOpen) this.#push(frame)
  }
  /** Nothing more is read, and nothing sent after what was. `closed` follows. */
  close(): void {
    if (this.isClosed) return
    if (this.isOpen) this.#push({ type: 'close' })
    this.#end()
  }
  /** Says a last word; closes once the other side has closed, or after a while. */
  finish(lastWord: Frame): void {
    if (!this.isOpen) return
    this.#push(lastWord)
    this.#push({ type: 'close' })
    this.#state = 'finishing'
    this.#wire.later(lingerMs, () => this.process.enter(() => this.#end()))
  }

  /** Nothing was heard of the other end for long: it counts as gone. */
  giveUp(): void {
    if (!this.isClosed) this.process.enter(() => this.close())
  }
  /** The process is gone, or its machine: nobody is there to be told. */
  vanish(): void {
    this.#state = 'closed'
    this.#underWay = []
    this.#wire.forget(this.connection)
  }
  /** Of what is under way to this end a part still arrives; then it learns that the connection is broken. */
  loseRest(): void {
    if (this.isClosed) return
    this.#underWay.length = Math.floor(this.#wire.share() * (this.#underWay.length + 1))
    this.#schedule({ type: 'close' }, 1)
  }
  /** What was held back is sent again. */
  retransmit(delayMs: number): void {
    for (const item of this.#underWay) item.at = Math.max(item.at, this.#wire.now + delayMs)
    if (this.#underWay.length > 0) this.#arriveIn(delayMs)
  }

  #push(frame: Frame | Close): void {
    const { other } = this
    const delay = this.#wire.delay(this.host, other.host, frame)
    // A process that has computed in this turn says nothing before it is done with that.
    const busyMs = this.process.now - this.#wire.now
    if (delay === undefined) this.connection.reset()
    else if (!other.isClosed) other.#schedule(frame, busyMs + delay)
  }
  #schedule(frame: Frame | Close, delayMs: number): void {
    const before = this.#underWay.at(-1)?.at ?? 0
    const at = Math.max(before, this.#wire.now + delayMs)
    this.#underWay.push({ frame, at })
    this.#arriveIn(at - this.#wire.now)
  }
  #arriveIn(delayMs: number): void {
    this.#wire.later(delayMs, () => {
      if (this.#underWay.length > 0 && !this.#isCut()) this.process.enter(() => this.#take())
    })
  }
  #isCut(): boolean {
    return this.#wire.isCut(this.other.host, this.host)
  }

  /** Everything that is due comes in one piece, as from a socket. */
  #take(): void {
    for (;;) {
      const next = this.#underWay[0]
      if (next === undefined || next.at > this.#wire.now + roundingMs || this.#isCut()) return
      this.#underWay.shift()
      if (next.frame.type === 'close') return this.close()
      if (!this.isOpen) continue
      this.#wire.arrived(this, next.frame)
      this.#receiver?.frame(next.frame)
    }
  }

  #end(): void {
    if (this.isClosed) return
    this.#state = 'closed'
    this.#underWay = []
    this.#wire.forget(this.connection)
    this.#wire.later(0, () => this.process.enter(() => this.#receiver?.closed()))
  }
}
