import type { Lease, LeaseResponse, LeasesResponse, RemoveResponse } from './api.ts'
import { type Call, readJson } from './attempt.ts'
import type { Caller, RequestOptions } from './caller.ts'
import { KvError } from './kv-error.ts'
import { pause, timerMsMax } from './patience.ts'

/** Leases: what ends, with all that lives on it, unless it is renewed. */
export class Leases {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  /** A lease that is kept alive from here until it is revoked or lost. @throws KvError */
  async hold(ttlMs: number, options: RequestOptions = {}): Promise<HeldLease> {
    const sentAt = performance.now()
    const { lease } = await this.grant(ttlMs, options)
    return new HeldLease(this, { id: lease, ttlMs, sentAt })
  }

  /** A lease that nobody keeps alive. @throws KvError */
  grant(ttlMs: number, options: RequestOptions = {}): Promise<LeaseResponse> {
    return this.#caller.call<LeaseResponse>(
      { method: 'POST', path: '/v1/leases', body: JSON.stringify({ ttlMs }), read: readJson },
      options,
    )
  }

  /** Its time begins anew. @throws KvError LEASE_NOT_FOUND */
  keepAlive(lease: number, options: RequestOptions = {}): Promise<LeaseResponse> {
    // Renewed twice is as good as once.
    const call: Call<LeaseResponse> = { method: 'POST', path: `/v1/leases/${lease}/keep-alive`, read: readJson, isRepeatable: true }
    return this.#caller.call(call, options)
  }

  /** Ends it now, with the keys and locks that live on it. @throws KvError LEASE_NOT_FOUND */
  revoke(lease: number, options: RequestOptions = {}): Promise<RemoveResponse> {
    return this.#caller.call<RemoveResponse>({ method: 'DELETE', path: `/v1/leases/${lease}`, read: readJson }, options)
  }

  /** Undefined: there is none. @throws KvError */
  async get(lease: number, options: RequestOptions = {}): Promise<Lease | undefined> {
    try {
      return await this.#caller.call<Lease>({ method: 'GET', path: `/v1/leases/${lease}`, read: readJson }, options)
    } catch (error) {
      if (isLost(error)) return undefined
      throw error
    }
  }

  /** @throws KvError */
  async list(options: RequestOptions = {}): Promise<readonly Lease[]> {
    return (await this.#caller.call<LeasesResponse>({ method: 'GET', path: '/v1/leases', read: readJson }, options)).leases
  }
}

/** A lease of months is renewed each week. */
const renewMsMax = 7 * 24 * 60 * 60 * 1000

type Begin = { readonly id: number; readonly ttlMs: number; readonly sentAt: number }

/**
 * A lease that this process keeps alive. `lost` is aborted once it may have ended: when the cluster says so, or when no renewal was answered
 * for as long as it lives, counted from when the last answered one was sent. A machine that sleeps may hear of it late; what must never
 * happen twice is guarded by the fencing token of a lock.
 */
export class HeldLease implements AsyncDisposable {
  readonly id: number
  readonly ttlMs: number
  readonly #leases: Leases
  readonly #lost = new AbortController()
  readonly #stopped = new AbortController()
  /** Sure until then. */
  #sureUntil: number
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(leases: Leases, { id, ttlMs, sentAt }: Begin) {
    this.id = id
    this.ttlMs = ttlMs
    this.#leases = leases
    this.#sureUntil = sentAt + ttlMs
    this.#watchTime()
    void this.#keepAlive()
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Ends it now, with the keys and locks that live on it. One that is lost already is no error. @throws KvError; then it ends by itself. */
  async revoke(options: RequestOptions = {}): Promise<void> {
    this.stop()
    try {
      await this.#leases.revoke(this.id, options)
    } catch (error) {
      if (!isLost(error)) throw error
    }
  }

  /** Renews it no more: it ends by itself. */
  stop(): void {
    this.#stopped.abort()
    clearTimeout(this.#timer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.revoke().catch(() => {}) // it ends by itself
  }

  async #keepAlive(): Promise<void> {
    const { signal } = this.#stopped
    for (;;) {
      await pause(Math.min(this.ttlMs / 3, renewMsMax), signal)
      if (signal.aborted) return
      const sentAt = performance.now()
      try {
        await this.#leases.keepAlive(this.id, { signal, timeoutMs: Math.max(1, this.#sureUntil - sentAt) })
        this.#sureUntil = sentAt + this.ttlMs
        this.#watchTime()
      } catch (error) {
        if (isLost(error)) this.#lose('the lease has ended')
      }
    }
  }

  #watchTime(): void {
    clearTimeout(this.#timer)
    if (this.#stopped.signal.aborted) return
    const leftMs = this.#sureUntil - performance.now()
    // A lease may live longer than a timer can be.
    if (leftMs > 0) this.#timer = setTimeout(() => this.#watchTime(), Math.min(leftMs, timerMsMax))
    else this.#lose('no renewal of the lease was answered in time')
  }

  #lose(message: string): void {
    this.stop()
    this.#lost.abort(new KvError(message, { code: 'LEASE_LOST', outcome: 'not-applied' }))
  }
}

function isLost(error: unknown): boolean {
  return error instanceof KvError && error.code === 'LEASE_NOT_FOUND'
}
