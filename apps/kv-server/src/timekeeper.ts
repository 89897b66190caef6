import { type Clock, LogTime, type Node, type Timer } from 'raft-node'
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
/** More than this between two looks is not counted. */
const stepMsMax = 2 * everyMs
/** While there are leases, a new leader has to count no more than this again. */
const recordMs = 5_000
const recordAnswersMs = 60_000
const recordTimeoutMs = 5_000

/** Measures log time while its node leads, and records it in the log, so that no lease ends before its time. */
export class Timekeeper {
  readonly #parts: Parts
  readonly #logTime: LogTime
  #timer: Timer | undefined
  #isRecording = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#logTime = new LogTime(parts.clock, stepMsMax)
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
    const { node, store } = this.#parts
    const now = this.#logTime.look(node.role === 'leader' ? node.term : undefined, store.time)
    if (now !== undefined && !this.#isRecording && this.#isDue(now)) void this.#record(Math.floor(now))
  }

  #isDue(now: number): boolean {
    const { leases, answers, secrets, time, isRestoring } = this.#parts.store
    const unrecorded = now - time
    if (leases.pending > 0 || (leases.nextDeadline ?? Number.POSITIVE_INFINITY) <= now) return true
    if (leases.size > 0 || secrets.records.size > 0 || isRestoring) return unrecorded >= recordMs
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
