import type { Clock, Node, Timer } from 'raft-node'
import type { CommandResult } from './store/command.ts'
import { encodeCommand } from './store/command-codec.ts'
import type { KvStore } from './store/kv-store.ts'

type Parts = {
  readonly node: Pick<Node<CommandResult>, 'role' | 'term' | 'apply'>
  readonly store: KvStore
  /** Monotonic: the wall clock never enters. */
  readonly clock: Pick<Clock, 'now' | 'after'>
}

/** How often it looks: so late may a lease end. */
const everyMs = 250
/** More than this between two looks is not counted: the process was stopped, and those who keep leases alive could not be heard. */
const stepMsMax = 2 * everyMs
/** While there are leases, a new leader has to count no more than this again. */
const recordMs = 5_000
const recordAnswersMs = 60_000
const recordTimeoutMs = 5_000

/**
 * Measures log time while its node leads, and records it in the log: the last recorded time plus what the monotonic clock has measured since.
 * A new leader goes on from where the log stands. So log time may run late, and never early: neither a change of leader nor a pause nor a
 * clock that jumps ends a lease before its time.
 */
export class Timekeeper {
  readonly #parts: Parts
  #timer: Timer | undefined
  #lookedAt: number
  /** The term that it leads; undefined: another does. */
  #term: number | undefined
  #time = 0
  #isRecording = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#lookedAt = parts.clock.now()
    this.#again()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #again(): void {
    this.#timer = this.#parts.clock.after(everyMs, () => {
      this.#again()
      this.#look()
    })
  }

  #look(): void {
    const { node, store, clock } = this.#parts
    const now = clock.now()
    const step = Math.min(Math.max(0, now - this.#lookedAt), stepMsMax)
    this.#lookedAt = now
    if (node.role !== 'leader') {
      this.#term = undefined
      return
    }
    // What passed before it led is not known to it.
    this.#time = node.term === this.#term ? Math.max(this.#time + step, store.time) : store.time
    this.#term = node.term
    if (!this.#isRecording && this.#isDue()) void this.#record(Math.floor(this.#time))
  }

  #isDue(): boolean {
    const { leases, answers, secrets, time } = this.#parts.store
    const unrecorded = this.#time - time
    if (leases.pending > 0 || (leases.nextDeadline ?? Number.POSITIVE_INFINITY) <= this.#time) return true
    if (leases.size > 0 || secrets.records.size > 0) return unrecorded >= recordMs
    return answers.size > 0 && unrecorded >= recordAnswersMs
  }

  /** Built on the time that is recorded now: if another comes first, this one counts for nothing, and the next look makes a new one. */
  async #record(nowMs: number): Promise<void> {
    const { node, store } = this.#parts
    this.#isRecording = true
    try {
      const command = encodeCommand({ type: 'time', sinceMs: store.time, nowMs })
      await node.apply(command, { forward: false, timeoutMs: recordTimeoutMs })
    } catch {
      // Another leads by now, or soon: it goes on from what the log holds.
    } finally {
      this.#isRecording = false
    }
  }
}
