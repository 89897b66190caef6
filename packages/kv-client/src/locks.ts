import type { Lock, LockResponse, LocksResponse, UnlockResponse } from './api.ts'
import { type Call, readJson } from './attempt.ts'
import { type Bytes, field, inPath } from './bytes.ts'
import type { Caller, RequestOptions } from './caller.ts'
import { KvError } from './kv-error.ts'
import type { HeldLease, Leases } from './leases.ts'
import { queryOf } from './query.ts'

export type LockOptions = RequestOptions & {
  /** How long after the last sign of life the lock goes to the next. Default 10,000 ms. */
  readonly ttlMs?: number | undefined
  /** Something to tell the others, such as an address: for leader election. */
  readonly value?: Bytes | undefined
  /** Give up after so long, in milliseconds; 0: do not wait at all. Default: wait for ever. */
  readonly waitMs?: number | undefined
}

/** Locks that one holds at a time; with a value beside it, an election. First come, first served. */
export class Locks {
  readonly #caller: Caller
  readonly #leases: Leases

  constructor(caller: Caller, leases: Leases) {
    this.#caller = caller
    this.#leases = leases
  }

  /**
   * Waits for the lock, and keeps it until it is released or lost. `timeoutMs` is for each question that goes to the cluster.
   * @throws KvError LOCK_BUSY when `waitMs` is over.
   */
  async acquire(name: Bytes, options: LockOptions = {}): Promise<HeldLock> {
    const { ttlMs = 10_000, waitMs = Number.POSITIVE_INFINITY, ...rest } = options
    const lease = await this.#leases.hold(ttlMs, rest)
    try {
      const token = await this.#wait(name, lease, { ...rest, waitMs })
      return new HeldLock(this, { name, token, lease })
    } catch (error) {
      // Its place in the queue goes with the lease.
      await lease.revoke({ timeoutMs: 1_000 }).catch(() => {})
      throw error
    }
  }

  /** Asks once with a lease of your own. The same lease may ask again, and keeps its place. @throws KvError LEASE_NOT_FOUND */
  ask(name: Bytes, request: LockQuestion, options: RequestOptions = {}): Promise<LockResponse> {
    const { lease, value, waitMs } = request
    const body = JSON.stringify({ lease, waitMs, ...(value !== undefined && field('value', value)) })
    const call: Call<LockResponse> = { method: 'POST', path: lockPath(name), body, read: readJson, isRepeatable: true }
    return this.#caller.call(call, options)
  }

  /** Gives the lock up, or the place in its queue. @throws KvError */
  release(name: Bytes, lease: number, options: RequestOptions = {}): Promise<UnlockResponse> {
    // Once it is given up, another lease of nobody's else can have it.
    const path = `${lockPath(name)}${queryOf({ lease })}`
    return this.#caller.call<UnlockResponse>({ method: 'DELETE', path, read: readJson, isRepeatable: true }, options)
  }

  /** Who holds it, and how many wait. With `not`, waits up to `waitMs` until another token holds it. @throws KvError */
  get(name: Bytes, options: RequestOptions & { readonly not?: number; readonly waitMs?: number } = {}): Promise<Lock> {
    const { not, waitMs } = options
    return this.#caller.call<Lock>({ method: 'GET', path: `${lockPath(name)}${queryOf({ not, waitMs })}`, read: readJson }, options)
  }

  /** @throws KvError */
  async list(options: RequestOptions = {}): Promise<LocksResponse['locks']> {
    return (await this.#caller.call<LocksResponse>({ method: 'GET', path: '/v1/locks', read: readJson }, options)).locks
  }

  async #wait(name: Bytes, lease: HeldLease, options: RequestOptions & { value?: Bytes | undefined; waitMs: number }): Promise<number> {
    const end = performance.now() + options.waitMs
    const signal = options.signal === undefined ? lease.lost : AbortSignal.any([options.signal, lease.lost])
    for (;;) {
      const waitMs = Math.max(0, Math.min(waitOnceMs, Math.floor(end - performance.now())))
      const timeoutMs = (options.timeoutMs ?? answerMs) + waitMs
      const answer = await this.ask(name, { lease: lease.id, value: options.value, waitMs }, { signal, timeoutMs })
      if (answer.state === 'held') return answer.token
      if (performance.now() >= end) throw busy(answer.ahead)
    }
  }
}

type LockQuestion = { readonly lease: number; readonly value?: Bytes | undefined; readonly waitMs?: number | undefined }

/** So long a node is asked to wait: less than the limits of most servers. */
const waitOnceMs = 20_000
const answerMs = 5_000

type Held = { readonly name: Bytes; readonly token: number; readonly lease: HeldLease }

/** A lock that this process holds. */
export class HeldLock implements AsyncDisposable {
  readonly name: Bytes
  /** The fencing token: it only grows. Whoever is written to while the lock is held should refuse a smaller one than it has seen. */
  readonly token: number
  readonly lease: HeldLease
  readonly #locks: Locks

  constructor(locks: Locks, { name, token, lease }: Held) {
    this.#locks = locks
    this.name = name
    this.token = token
    this.lease = lease
  }

  /** Aborted once another may hold the lock: stop at once. */
  get lost(): AbortSignal {
    return this.lease.lost
  }

  /** @throws KvError if no node answers; the lock then goes to the next by itself once the lease ends. */
  async release(options: RequestOptions = {}): Promise<void> {
    try {
      await this.#locks.release(this.name, this.lease.id, options)
    } finally {
      await this.lease.revoke(options)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release().catch(() => {}) // it goes to the next by itself
  }
}

function lockPath(name: Bytes): string {
  return `/v1/locks/${inPath(name, 'name')}`
}

function busy(ahead: number): KvError {
  const who = ahead === 1 ? 'another holds the lock' : `${ahead} hold the lock or wait for it`
  return new KvError(`${who}: try again later, or wait longer`, { code: 'LOCK_BUSY', outcome: 'not-applied' })
}
