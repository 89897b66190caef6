import { attempt, type Call, Elsewhere, type Fetch, type Patience, shownEndpoint, type Target } from './attempt.ts'
import { invalid } from './bytes.ts'
import { KvError } from './kv-error.ts'
import { backoffMs, Deadline, pause } from './patience.ts'

export type KvClientOptions = {
  /** HTTP addresses of nodes, `host:port` or `https://host:port`. Any one is enough; with several, the client goes on while one of them answers. */
  readonly endpoints: readonly string[]
  /** How long a call may take, all attempts together, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number | undefined
  /** Sent to every node as `Authorization: Bearer …`. */
  readonly token?: string | undefined
  /** Give every write an idempotency key of its own, so that it can be repeated when its answer is lost. Costs the cluster memory for a day. */
  readonly idempotentWrites?: boolean | undefined
  /** Instead of the global one: for a proxy, or (`kv-client/node`) for certificates of your own. */
  readonly fetch?: Fetch | undefined
}

export type RequestOptions = {
  /** Gives up waiting. A write that was sent may still happen. */
  readonly signal?: AbortSignal | undefined
  /** Instead of the client's. `Infinity`: no limit. */
  readonly timeoutMs?: number | undefined
}
/** Ask this node and no other, once. */
export type AtEndpoint = { readonly endpoint?: string | undefined }

/** Finds a node that answers: goes to the next when one fails, and repeats what is safe to repeat, with growing pauses. */
export class Caller {
  readonly endpoints: readonly string[]
  readonly #bases: readonly string[]
  readonly #timeoutMs: number
  readonly #token: string | undefined
  readonly #fetch: Fetch
  /** Where the last call succeeded: the next one begins there. */
  #preferred = 0

  constructor({ endpoints, timeoutMs = 5_000, token, fetch = (url, init) => globalThis.fetch(url, init) }: KvClientOptions) {
    if (endpoints.length === 0) throw invalid('give at least one endpoint: the HTTP address of a node')
    this.#bases = endpoints.map(baseOf)
    this.endpoints = this.#bases.map(shownEndpoint)
    this.#timeoutMs = timeoutMs
    this.#token = token
    this.#fetch = fetch
  }

  /** Round after round, until a node answers, one says something final, or the time is up. @throws KvError */
  async call<Answer>(call: Call<Answer>, options: RequestOptions & AtEndpoint = {}): Promise<Answer> {
    const deadline = new Deadline(options.timeoutMs ?? this.#timeoutMs, options.signal)
    try {
      const answer =
        options.endpoint === undefined ? await this.#rounds(call, deadline) : await this.#attempt(baseOf(options.endpoint), call, deadline)
      if (call.isStream) deadline.began()
      return answer
    } finally {
      // Who reads a stream may still break it off.
      if (!call.isStream) deadline.done()
    }
  }

  /** Once a try may have been applied, no later refusal says that nothing was. */
  async #rounds<Answer>(call: Call<Answer>, deadline: Deadline): Promise<Answer> {
    let mayBeApplied = false
    const failed = (error: KvError) => {
      mayBeApplied ||= error.outcome === 'unknown'
    }
    try {
      return await this.#untilAnswered(call, deadline, failed)
    } catch (error) {
      throw mayBeApplied && error instanceof KvError ? asUnknown(error) : error
    }
  }

  async #untilAnswered<Answer>(call: Call<Answer>, deadline: Deadline, failed: (error: KvError) => void): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      const round = await this.#round(call, deadline, failed)
      if ('answer' in round) return round.answer
      const passing = round.errors.find(passes)
      if (passing === undefined) throw round.errors.at(-1)
      const asked = passing.status === 429 ? passing.retryAfterMs : 0
      await pause(Math.max(backoffMs(tries), asked), deadline.signal)
      // What is known to be wrong says more than a last try that is cut short, after which a write may have happened.
      if (deadline.isNear) throw passing
    }
  }

  /** One attempt at each endpoint. @throws KvError as soon as going on would be pointless, or unsafe. */
  async #round<Answer>(call: Call<Answer>, deadline: Deadline, failed: (error: KvError) => void): Promise<Round<Answer>> {
    const errors: KvError[] = []
    const first = this.#preferred
    for (let tried = 0; tried < this.#bases.length; tried++) {
      const place = (first + tried) % this.#bases.length
      try {
        const answer = await this.#attempt(this.#bases[place] as string, call, deadline)
        this.#preferred = place
        return { answer }
      } catch (error) {
        if (!(error instanceof KvError) || isFinal(error) || deadline.signal.aborted || !mayRepeat(call, error)) throw error
        errors.push(error)
        failed(error)
      }
    }
    return { errors }
  }

  /** The next call begins with another node. */
  turn(): void {
    this.#preferred = (this.#preferred + 1) % this.#bases.length
  }

  async #attempt<Answer>(base: string, call: Call<Answer>, deadline: Deadline): Promise<Answer> {
    const patience: Patience = { signal: deadline.signal, waitMs: deadline.waitMs }
    const answer = await attempt(this.#target(base), call, patience)
    if (!(answer instanceof Elsewhere)) return answer
    const followed = await attempt(this.#target(leaderBase(answer, base)), forwarded(answer, call), patience)
    if (!(followed instanceof Elsewhere)) return followed
    const endpoint = shownEndpoint(base)
    throw new KvError(`${endpoint} names a leader that does not lead`, {
      code: 'NOT_LEADER',
      outcome: 'not-applied',
      status: 307,
      endpoint,
    })
  }

  #target(base: string): Target {
    return { base, fetch: this.#fetch, token: this.#token }
  }
}

type Round<Answer> = { readonly answer: Answer } | { readonly errors: readonly KvError[] }

function asUnknown(error: KvError): KvError {
  if (error.outcome === 'unknown') return error
  const { message, code, status, endpoint, retryAfterMs } = error
  return new KvError(`${message} (an earlier try may have been applied)`, {
    code,
    outcome: 'unknown',
    status,
    endpoint,
    retryAfterMs,
    cause: error,
  })
}

function mayRepeat(call: Call<unknown>, { outcome }: KvError): boolean {
  if (call.body instanceof ReadableStream) return false // it is used up
  return outcome === 'not-applied' || call.isRepeatable === true
}

/** Of the node that a redirect names: only its address counts, and nothing goes in the clear that was not before. */
function leaderBase({ location }: Elsewhere, base: string): string {
  if (location === null) return base
  const { protocol, host } = new URL(location, base)
  return base.startsWith('https:') || protocol === 'https:' ? `https://${host}` : `http://${host}`
}

/** Browsers do not show where a redirect leads; the node that sent it will have to ask the leader itself. */
function forwarded<Answer>({ location }: Elsewhere, call: Call<Answer>): Call<Answer> {
  if (location !== null) return call
  const path = call.path.replace(/non-leader=\w+/, '')
  return { ...call, path: `${path}${path.includes('?') ? '&' : '?'}non-leader=forward` }
}

/** What every node would answer: the request itself is at fault. */
function isFinal({ status }: KvError): boolean {
  return status !== undefined && status >= 400 && status < 500 && status !== 409 && status !== 429 && status !== 408
}

/** What may be over in a moment: an election, too much load. Nodes that are not there are not waited for. */
function passes({ status, code }: KvError): boolean {
  return code === 'NOT_LEADER' || (status !== undefined && [408, 429, 503, 504].includes(status))
}

/** Of `host:port` or a whole URL. `localhost` is 127.0.0.1, where nodes listen; the system might say ::1. Certificates tell the two apart. */
function baseOf(endpoint: string): string {
  const [, scheme = 'http', address = ''] = /^(?:(https?):\/\/)?(.*?)\/*$/.exec(endpoint) ?? []
  return `${scheme}://${scheme === 'https' ? address : address.replace(/^localhost(?=:|$)/, '127.0.0.1')}`
}
