import type { WatchChange, WatchChanges } from './api.ts'
import type { Bytes } from './bytes.ts'
import type { AtEndpoint, Caller, RequestOptions } from './caller.ts'
import { type Change, changeOf } from './entries.ts'
import { KvError } from './kv-error.ts'
import { backoffMs, pause } from './patience.ts'
import { queryOf } from './query.ts'
import { eventsIn } from './server-sent-events.ts'

export type WatchOptions = RequestOptions &
  AtEndpoint & {
    /** Only this key. */
    readonly key?: Bytes | undefined
    /** Only keys that begin with this. */
    readonly prefix?: Bytes | undefined
    /** What came after this revision, such as that of a list. Default: what comes from now on. */
    readonly since?: number | undefined
    /** Also batches without changes, which say how far everything was told: a place to go on from. */
    readonly progress?: boolean | undefined
    /** A connection that is silent for so long is given up for another. Default 30,000 ms: nodes say something every ten seconds. */
    readonly silenceMs?: number | undefined
  }

/** All that one write did to the keys that are watched. */
export type WatchBatch = { readonly revision: number; readonly changes: readonly Change[] }

/** Goes on where it was when a connection ends: at the next node, with the last revision that was told. */
export async function* watch(caller: Caller, options: WatchOptions): AsyncGenerator<WatchBatch, void, undefined> {
  const place = new Place(caller, options)
  for (;;) {
    const stopped = new AbortController()
    const signal = options.signal === undefined ? stopped.signal : AbortSignal.any([options.signal, stopped.signal])
    let error: unknown
    try {
      yield* place.follow(signal, stopped)
    } catch (failure) {
      error = failure
    } finally {
      stopped.abort()
    }
    if (options.signal?.aborted) return
    await place.ended(error)
  }
}

/** Where a watch is, and what came of the tries to go on from there. */
class Place {
  readonly #caller: Caller
  readonly #options: WatchOptions
  #since: number | undefined
  #hasBegun = false
  #failures = 0
  #forgetful = 0

  constructor(caller: Caller, options: WatchOptions) {
    this.#caller = caller
    this.#options = options
    this.#since = options.since
  }

  /** One connection, until it ends. `stopped` breaks it off. */
  async *follow(signal: AbortSignal, stopped: AbortController): AsyncGenerator<WatchBatch, void, undefined> {
    const { silenceMs = 30_000, progress = false } = this.#options
    const stream = await this.#open(signal)
    let timer = setTimeout(() => stopped.abort(), silenceMs)
    try {
      for await (const { event, data } of eventsIn(stream)) {
        clearTimeout(timer)
        const batch = this.#batch(event, data)
        if (batch !== undefined && (progress || batch.changes.length > 0)) yield batch
        // Only the connection's silence counts, not that of whoever reads from here.
        timer = setTimeout(() => stopped.abort(), silenceMs)
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** Makes ready for the next connection. @throws KvError if it is of no use to try again. */
  async ended(error: unknown): Promise<void> {
    const code = error instanceof KvError ? error.code : ''
    if (code === 'COMPACTED') {
      // A node forgets more than others when it was away. The next one may still know.
      if (++this.#forgetful >= this.#tries) throw error
      return this.#caller.turn()
    }
    const isRefused = error instanceof KvError && error.status !== undefined && error.status < 500 && error.status !== 429
    if (isRefused || (error instanceof KvError && !this.#hasBegun)) throw error
    this.#caller.turn()
    await pause(backoffMs(this.#failures++), this.#options.signal ?? new AbortController().signal)
  }

  get #tries(): number {
    return this.#options.endpoint === undefined ? this.#caller.endpoints.length : 1
  }

  #open(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { key, prefix, endpoint, timeoutMs } = this.#options
    const path = `/v1/watch${queryOf({ key, prefix, since: this.#since })}`
    const read = async (response: Response) => response.body ?? undefined
    return this.#caller.call({ method: 'GET', path, read, isStream: true }, { signal, endpoint, timeoutMs })
  }

  #batch(event: string, data: string): WatchBatch | undefined {
    if (event !== 'changes' && event !== 'progress' && event !== 'compacted') return undefined
    const { revision, changes = [] } = JSON.parse(data) as Pick<WatchChanges, 'revision'> & { changes?: readonly WatchChange[] }
    if (event === 'compacted') throw compacted(revision)
    this.#hasBegun = true
    this.#failures = 0
    this.#forgetful = 0
    this.#since = revision
    return { revision, changes: changes.map(changeOf) }
  }
}

function compacted(revision: number): KvError {
  const message = `changes before revision ${revision} are not remembered any more: list, and watch from the revision of the list`
  return new KvError(message, { code: 'COMPACTED', outcome: 'not-applied', status: 410 })
}
