import { attempt, type Call } from './attempt.ts'
import { KvError } from './kv-error.ts'
import type {
  Consistency,
  DeleteResponse,
  GetResponse,
  JoinRequestBody,
  JoinResponse,
  NonLeaderMode,
  SetResponse,
  StatusResponse,
} from './types.ts'

export type KvClientOptions = {
  /** HTTP addresses of nodes, `host:port`. Any one is enough; with several, the client goes on while one of them answers. */
  readonly endpoints: readonly string[]
  /** How long a call may take, all attempts together, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number | undefined
}

export type RequestOptions = {
  /** Gives up waiting. A write that was sent may still happen. */
  readonly signal?: AbortSignal | undefined
  /** Instead of the client's. */
  readonly timeoutMs?: number | undefined
}
export type KeyOptions = RequestOptions & {
  /** What a node that does not lead is to do with the request. Default: what the node was started with. */
  readonly nonLeader?: NonLeaderMode | undefined
}
export type ReadOptions = KeyOptions & { readonly consistency?: Consistency | undefined }

/**
 * Talks to a replicated key-value store through any of its nodes. Goes to the next node when one fails, and repeats only what is safe to
 * repeat: reads, and writes that are known not to have been applied. Holds no connections of its own, so there is nothing to close.
 */
export class KvClient {
  readonly endpoints: readonly string[]
  readonly #timeoutMs: number
  /** Where the last call succeeded: the next one begins there. */
  #preferred = 0

  constructor({ endpoints, timeoutMs = 5_000 }: KvClientOptions) {
    if (endpoints.length === 0) throw invalid('give at least one endpoint: the HTTP address of a node')
    this.endpoints = endpoints.map(plainAddress)
    this.#timeoutMs = timeoutMs
  }

  /** The value of a key, or undefined if there is none. @throws KvError */
  async get(key: string, options: ReadOptions = {}): Promise<string | undefined> {
    const { consistency, nonLeader } = options
    const path = `${pathOf(key)}${queryOf({ consistency, 'non-leader': nonLeader })}`
    try {
      const body = (await this.#call({ method: 'GET', path }, options)) as GetResponse
      return Object.hasOwn(body, key) ? body[key] : undefined
    } catch (error) {
      if (error instanceof KvError && error.code === 'KEY_NOT_FOUND') return undefined
      throw error
    }
  }

  /** Sets one key. @throws KvError */
  set(key: string, value: string, options: KeyOptions = {}): Promise<SetResponse> {
    return this.setAll([[key, value]], options)
  }

  /** Sets several keys: all of them or none. @throws KvError */
  async setAll(pairs: Iterable<readonly [key: string, value: string]>, options: KeyOptions = {}): Promise<SetResponse> {
    const body = JSON.stringify(Object.fromEntries(pairs)) // defines properties, so `__proto__` is a key like any other
    const path = `/key${queryOf({ 'non-leader': options.nonLeader })}`
    return (await this.#call({ method: 'POST', path, body }, options)) as SetResponse
  }

  /** Deletes a key; one that is not there is no error. @throws KvError */
  async delete(key: string, options: KeyOptions = {}): Promise<DeleteResponse> {
    const path = `${pathOf(key)}${queryOf({ 'non-leader': options.nonLeader })}`
    return (await this.#call({ method: 'DELETE', path }, options)) as DeleteResponse
  }

  /** What one node says of itself: the given endpoint, or the first that answers. @throws KvError */
  async status(options: RequestOptions & { readonly endpoint?: string | undefined } = {}): Promise<StatusResponse> {
    const call: Call = { method: 'GET', path: '/v1/status' }
    if (options.endpoint === undefined) return (await this.#call(call, options)) as StatusResponse
    const { signal, end } = this.#limits(options)
    return (await attempt(plainAddress(options.endpoint), call, signal, waitFor(end))) as StatusResponse
  }

  /** Asks for a node to be let in. Nodes do this for themselves when they start. @throws KvError */
  async join(request: JoinRequestBody, options: RequestOptions = {}): Promise<JoinResponse> {
    return (await this.#call({ method: 'POST', path: '/join', body: JSON.stringify(request) }, options)) as JoinResponse
  }

  #limits({ signal, timeoutMs = this.#timeoutMs }: RequestOptions): Limits {
    const timeout = AbortSignal.timeout(timeoutMs)
    return { signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]), end: performance.now() + timeoutMs }
  }

  /** Round after round through the endpoints, with growing pauses, until one succeeds, one says something final, or the time is up. */
  async #call(call: Call, options: RequestOptions): Promise<unknown> {
    const limits = this.#limits(options)
    const { signal, end } = limits
    let pauseMs = firstPauseMs
    for (;;) {
      const round = await this.#round(call, limits)
      if ('body' in round) return round.body
      const passing = round.errors.find(passes)
      if (passing === undefined) throw round.errors.at(-1)
      await pause(pauseMs, signal)
      // What is known to be wrong says more than a last try that is cut short, after which a write may have happened.
      if (signal.aborted || end - performance.now() < wayMsMax) throw passing
      pauseMs = Math.min(pauseMs * 2, pauseMsMax)
    }
  }

  /** One attempt at each endpoint. @throws KvError as soon as going on would be pointless, or unsafe. */
  async #round(call: Call, { signal, end }: Limits): Promise<{ readonly body: unknown } | { readonly errors: readonly KvError[] }> {
    const errors: KvError[] = []
    const first = this.#preferred
    for (let tried = 0; tried < this.endpoints.length; tried++) {
      const place = (first + tried) % this.endpoints.length
      try {
        const body = await attempt(this.endpoints[place] as string, call, signal, waitFor(end))
        this.#preferred = place
        return { body }
      } catch (error) {
        if (!(error instanceof KvError) || error.outcome === 'unknown' || isFinal(error) || signal.aborted) throw error
        errors.push(error)
      }
    }
    return { errors }
  }
}

/** When a call is over: the caller's signal, the clock, or both. */
type Limits = { readonly signal: AbortSignal; readonly end: number }

const firstPauseMs = 50
const pauseMsMax = 1_000
const wayMsMax = 500

/** The time that is left, without what the answer may need for its way. */
function waitFor(end: number): number {
  const left = end - performance.now()
  return left - Math.min(wayMsMax, left / 4)
}

/** What every node would answer: the request itself is at fault. */
function isFinal({ status }: KvError): boolean {
  return status !== undefined && status >= 400 && status < 500 && status !== 409 && status !== 429 && status !== 408
}

/** What may be over in a moment: an election, too much load. Nodes that are not there are not waited for. */
function passes({ status, code }: KvError): boolean {
  return code === 'NOT_LEADER' || (status !== undefined && [408, 429, 503, 504].includes(status))
}

/** `host:port`, also of a whole URL. `localhost` is 127.0.0.1, where nodes listen; the system might say ::1. */
function plainAddress(endpoint: string): string {
  return endpoint.replace(/^http:\/\/|\/+$/g, '').replace(/^localhost(?=:|$)/, '127.0.0.1')
}

function pathOf(key: string): string {
  // URL parsers, the one in fetch too, take these for steps in the path, however they are encoded.
  if (key === '.' || key === '..' || key === '') throw invalid(`${JSON.stringify(key)} cannot be named in a URL: choose another key`)
  try {
    return `/key/${encodeURIComponent(key)}`
  } catch {
    throw invalid('the key holds half a surrogate pair: choose another key')
  }
}

function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given as [string, string][])}`
}

function invalid(message: string): KvError {
  return new KvError(message, { code: 'INVALID_ARGUMENT', outcome: 'not-applied' })
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
