import type { Index, NodeId } from '../log/entry.ts'
import { memberIds } from '../membership/membership.ts'
import type { RaftMachine } from '../raft.ts'
import { Inflight } from './inflight.ts'

/**
 * How entries flow to a follower.
 * - probe: where its log agrees with ours is not known; one appendEntries, then wait for the answer or the next heartbeat.
 * - replicate: it is known; entries stream, as many as the window holds. `paused`: the window is full.
 * - snapshot: it needs entries that are compacted; nothing is sent until it has the snapshot.
 */
export type Flow =
  | { readonly state: 'probe'; paused: boolean }
  | { readonly state: 'replicate'; paused: boolean; readonly inflight: Inflight }
  | { readonly state: 'snapshot'; readonly index: Index }

/** The leader's view of one member. Always match < next. */
export class Progress {
  /** Sent with entries and returned with answers; see `MessageBodies.appendEntries`. */
  readonly session: number
  match: Index
  next: Index
  flow: Flow = { state: 'probe', paused: false }
  /** Heard from since the last quorum check. */
  active: boolean
  /** The greatest commit index on its way to the member: it need not be told again. */
  sentCommit: Index = 0
  /** It repairs its log, and counts again once that reaches up to here. */
  repair: Index | undefined
  /** Kept over changes of flow, for its window. */
  readonly #inflight: Inflight

  constructor(session: number, match: Index, next: Index, active: boolean, inflight: Inflight) {
    this.session = session
    this.match = match
    this.next = next
    this.active = active
    this.#inflight = inflight
  }

  /** What it holds towards a quorum. */
  get counted(): Index {
    return this.repair === undefined ? this.match : 0
  }
  get isPaused(): boolean {
    return this.flow.state === 'snapshot' || this.flow.paused
  }
  get inflight(): Inflight | undefined {
    return this.flow.state === 'replicate' ? this.flow.inflight : undefined
  }
  get windowIsFull(): boolean {
    return this.flow.state === 'replicate' && this.flow.inflight.isFull
  }

  probe(): void {
    const from = this.flow.state === 'snapshot' ? Math.max(this.match, this.flow.index) : this.match
    this.flow = { state: 'probe', paused: false }
    this.next = from + 1
    this.sentCommit = Math.min(this.sentCommit, from)
  }
  replicate(): void {
    this.#inflight.clear()
    this.flow = { state: 'replicate', paused: false, inflight: this.#inflight }
    this.next = this.match + 1
  }
  awaitSnapshot(index: Index): void {
    this.flow = { state: 'snapshot', index }
    this.next = index + 1
    this.sentCommit = index
  }

  resume(): void {
    if (this.flow.state !== 'snapshot') this.flow.paused = false
  }
  pause(): void {
    if (this.flow.state !== 'snapshot') this.flow.paused = true
  }

  /** Entries up to `last` are on their way. Without entries, a full window makes the message a probe: then wait for its answer. */
  sent(count: number, bytes: number): void {
    if (this.flow.state === 'replicate') {
      if (count > 0) {
        this.next += count
        this.flow.inflight.add(this.next - 1, bytes)
      }
      this.flow.paused = this.flow.inflight.isFull
    } else if (count > 0) this.pause()
  }

  /** The member has everything up to `index` on disk. True if that is news. */
  acknowledge(index: Index): boolean {
    if (index <= this.match) return false
    this.match = index
    this.next = Math.max(this.next, index + 1)
    this.resume()
    return true
  }

  /** The member refused entries after `refused`; `hint` is the best place to try next. False if the refusal is old news. */
  backtrack(refused: Index, hint: Index): boolean {
    if (this.flow.state === 'replicate') {
      if (refused <= this.match) return false
      this.next = this.match + 1
    } else {
      if (refused !== this.next - 1) return false
      this.next = Math.max(Math.min(refused, hint + 1), this.match + 1)
      this.resume()
    }
    this.sentCommit = Math.min(this.sentCommit, this.next - 1)
    return true
  }

  /** Whether telling it of this commit index can still let it commit something it has been sent. */
  wantsCommit(commit: Index): boolean {
    return commit > this.sentCommit && this.sentCommit < this.next - 1
  }
}

/** `session`: must differ from every other that this leader has used in its term. */
export function newProgress(raft: RaftMachine, session: number, match: Index, next: Index, active: boolean): Progress {
  const { maxInflight, maxInflightBytes, replicationSessions } = raft.settings
  return new Progress(replicationSessions ? session : 0, match, next, active, new Inflight(maxInflight, maxInflightBytes))
}

/** §5.3: a new leader assumes that everybody has its log, and finds out. */
export function newProgressMap(raft: RaftMachine): Map<NodeId, Progress> {
  const { lastIndex } = raft.log
  const progress = new Map<NodeId, Progress>()
  for (const id of memberIds(raft.membership)) {
    const own = id === raft.id
    const member = newProgress(raft, progress.size + 1, own ? lastIndex : 0, lastIndex + 1, own)
    if (own) member.replicate()
    progress.set(id, member)
  }
  return progress
}
