import type { Refusal } from 'raft-core'
import type { Engine } from './engine.ts'
import { maybeApplied, RaftError, type RaftErrorDetails } from './errors.ts'
import { decodeAnswer, encodeRequest, type PeerAnswer, type PeerRequest } from './peer-requests.ts'
import { type Deadline, gaveUp, gaveUpWaiting, remainingMs } from './wait.ts'

/** Something that only the leader can do: how to do it here, and how to ask for it there. */
export type Job<T> = {
  /** Throws NOT_LEADER and the like before it has begun, when this node turns out not to lead. */
  here(): Promise<T>
  request(timeoutMs: number): PeerRequest
  decode(answer: PeerAnswer): T
  /** Whatever has come of one try, the next one goes on from there. */
  readonly isRepeatable?: boolean
}

/** Another node, or the same one a little later, may take it: where nothing was begun, or what was may be asked for again. */
const worthAnotherTry: readonly string[] = ['NOT_LEADER', 'NO_LEADER', 'TRANSFERRING', 'CONNECTION_LOST', 'NODE_STOPPED']

/**
 * Finds the leader for a caller: this node, or another over the peer connection. Whatever may have reached a leader is never sent
 * again, unless that does no harm; only what certainly was not begun is, until the caller's time is over.
 */
export class Leading {
  readonly #engine: Engine<unknown>

  constructor(engine: Engine<unknown>) {
    this.#engine = engine
  }

  run<T>(job: Job<T>, deadline: Deadline, forward: boolean): Promise<T> {
    const { raft, identity } = this.#engine
    if (raft.leader !== identity.nodeId) return this.#search(job, deadline, forward)
    // Mostly it leads, and that is all: the search would cost some promises more.
    try {
      this.#requireServing()
      return job.here().catch(error => this.#search(job, deadline, forward, error))
    } catch (error) {
      return this.#search(job, deadline, forward, error)
    }
  }

  /** `failed`: what a first try here has come to. */
  async #search<T>(job: Job<T>, deadline: Deadline, forward: boolean, failed?: unknown): Promise<T> {
    let isBegun = false
    try {
      for (let error = failed; ; ) {
        isBegun ||= error instanceof RaftError && error.outcome === 'unknown'
        if (error !== undefined) await this.#pause(error, job, deadline, forward)
        this.#requireServing()
        if (deadline.signal?.aborted) throw gaveUp()
        try {
          return await this.#attempt(job, deadline, forward)
        } catch (cause) {
          error = cause
        }
      }
    } catch (error) {
      // An earlier try may have come halfway, whatever the last one says of itself.
      throw isBegun && error instanceof RaftError ? begunBefore(error, deadline) : error
    }
  }

  /** Until another try may help. Throws where none could, or none is wanted. */
  async #pause(error: unknown, { isRepeatable = false }: Job<unknown>, deadline: Deadline, forward: boolean): Promise<void> {
    const { ports, changed, settings } = this.#engine
    if (!forward || !(error instanceof RaftError) || !worthAnotherTry.includes(error.code)) throw error
    if (error.outcome !== 'not-applied' && !isRepeatable) throw error
    this.requireRunning() // nobody rings any more
    const left = remainingMs(ports.clock, deadline)
    if (deadline.signal?.aborted) throw gaveUp()
    if (left === 0) throw this.#outOfTime(error, deadline)
    await changed.next(Math.min(left, settings.tickMs), deadline.signal)
  }

  #requireServing(): void {
    this.#engine.faults.check()
    this.requireRunning()
  }

  requireRunning(): void {
    if (this.#engine.stopped) throw new RaftError('NODE_STOPPED', 'this node has stopped: ask another one', { outcome: 'not-applied' })
  }

  async #attempt<T>(job: Job<T>, deadline: Deadline, forward: boolean): Promise<T> {
    const { raft, identity, peers } = this.#engine
    const { leader } = raft
    if (leader === identity.nodeId) return job.here()
    if (!forward || leader === undefined || peers.isLeaving(leader)) throw this.notLeader()
    return this.#ask(leader, job, deadline)
  }

  async #ask<T>(leader: string, job: Job<T>, deadline: Deadline): Promise<T> {
    const { ports } = this.#engine
    const timeoutMs = remainingMs(ports.clock, deadline)
    const body = encodeRequest(job.request(timeoutMs))
    return job.decode(decodeAnswer(await unlessAborted(ports.transport.request(leader, body, { timeoutMs }), deadline.signal)))
  }

  /** The refusal of a proposal, as the error that its caller sees. */
  refusal(reason: Refusal): RaftError {
    if (reason === 'not-leader' || reason === 'no-leader') return this.notLeader()
    if (reason === 'transferring') return this.transferring('leadership is just being moved: try again in a moment')
    if (reason === 'too-many-uncommitted') return new RaftError('OVERLOADED', 'too much waits for a majority: slow down and try again')
    if (reason === 'not-a-member') return new RaftError('NOT_A_MEMBER', 'this node is not a member any more')
    if (reason === 'stale-membership') return new RaftError('MEMBERSHIP_CHANGED', 'the membership has changed meanwhile: look at it again')
    if (reason === 'invalid-change') return new RaftError('INVALID_ARGUMENT', 'the membership cannot be changed in that way')
    return new RaftError('MEMBERSHIP_CHANGE_PENDING', 'another membership change is not applied yet: try again in a moment')
  }

  transferring(message: string): RaftError {
    return new RaftError('TRANSFERRING', message, this.#details())
  }

  notLeader(): RaftError {
    const { leader } = this.#engine.raft
    if (leader === undefined) return new RaftError('NO_LEADER', 'there is no leader at the moment: an election takes a second or two')
    return new RaftError('NOT_LEADER', `${this.#engine.identity.nodeId} does not lead, ${leader} does: ask there`, this.#details())
  }

  #details(): RaftErrorDetails {
    const { raft, peers, members } = this.#engine
    const leader = raft.leader === undefined ? undefined : (members.info(raft.leader) ?? peers.info(raft.leader))
    return { leader: leader && { id: leader.id, address: leader.address, clientAddress: leader.clientAddress } }
  }

  #outOfTime(last: RaftError, { timeoutMs }: Deadline): RaftError {
    if (last.code !== 'NO_LEADER' && last.code !== 'NOT_LEADER') return last
    const help = 'a majority of the voters must be up and reach each other'
    return new RaftError('NO_LEADER', `no leader was found within ${timeoutMs} ms: ${help}`, { ...this.#details(), cause: last })
  }
}

function begunBefore(error: RaftError, { signal }: Deadline): RaftError {
  return error.code === 'ABORTED' && error.outcome === 'not-applied' ? gaveUpWaiting(signal?.reason) : maybeApplied(error)
}

/** The request may still have its effect; only the waiting ends. */
function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(gaveUpWaiting(signal.reason))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
