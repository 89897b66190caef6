import { wrap } from './command-envelope.ts'
import type { Engine } from './engine.ts'
import { LogTime } from './log-time.ts'
import { deadlineFor } from './wait.ts'

/** So much of the shortest time to live may a new leader have to count again, at most a minute. */
const shareOfTtl = 0.1
const recordMsMax = 60_000
const timeoutMs = 5_000

/** Records log time in the log while this node leads and there are sessions, which end by it. */
export class TimeRecorder {
  readonly #engine: Engine<unknown>
  readonly #logTime: LogTime
  #isRecording = false

  constructor(engine: Engine<unknown>) {
    this.#engine = engine
    this.#logTime = new LogTime(engine.ports.clock, 2 * engine.settings.tickMs)
  }

  /** At every tick. */
  look(): void {
    const { raft, state } = this.#engine
    const time = this.#logTime.look(raft.role === 'leader' ? raft.term : undefined, state.time)
    if (time === undefined || this.#isRecording || state.sessions.size === 0) return
    const dueMs = Math.min(state.sessions.shortestTtlMs * shareOfTtl, recordMsMax)
    if (time - state.time >= dueMs) void this.#record(Math.floor(time))
  }

  /** Built on the time that is recorded now: if another comes first, this one counts for nothing, and the next look makes a new one. */
  async #record(nowMs: number): Promise<void> {
    const { ports, state, proposals } = this.#engine
    this.#isRecording = true
    try {
      const entry = wrap({ type: 'time', sinceMs: state.time, nowMs })
      const lost = () => new Error('another leads by now')
      await proposals.add(entry, deadlineFor(ports.clock, { timeoutMs }), lost)
    } catch {
      // Another leads by now, or soon: it goes on from what the log holds.
    } finally {
      this.#isRecording = false
    }
  }
}
