import { RaftError } from 'raft-node'
import type { RequestHead } from './exchange.ts'
import { Refusal } from './refusal.ts'
import { type Reply, text } from './respond.ts'

type Headers = Readonly<Record<string, string>>

/** What scripts of a page may see of an answer beyond its body. */
const exposed = 'ETag, Idempotent-Replayed, Location, Retry-After, X-Raft-Age-Ms, X-Raft-Index, X-Raft-Lag, X-Raft-Leader, X-Raft-Term'
const methods = 'GET, HEAD, POST, PUT, DELETE'
const headers =
  'Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Raft-Timeout, X-Requested-With'
const preflightSeconds = '600'

/**
 * Where the name in `Host` is doubted. Whoever owns a name may let it lead to this machine, and a page of that name then counts as one
 * that this server has served (DNS rebinding): its browser lets it ask what it likes, and read the answers.
 */
export type NamesDoubted = 'nowhere' | 'inWrites' | 'everywhere'

/** No name that others could lead here: `localhost`, below it, and addresses. */
const ownName = /^(?:(?:[\w-]+\.)*localhost|\d+(?:\.\d+){3}|\[[\da-f:.]+\])(?::\d+)?$/i

/**
 * Web pages of other origins (CORS, as the Fetch standard has it). Browsers send what a page asks for, with or without leave, and only then
 * look at the answer: so what would change something is refused here unless the page's origin was named.
 */
export class Pages {
  readonly #origins: ReadonlySet<string>
  readonly #hosts: ReadonlySet<string>
  readonly #doubted: NamesDoubted
  #ownHost: string | undefined

  /** `*`: pages of all origins. @throws RaftError INVALID_ARGUMENT for what no browser sends as an origin. */
  constructor(origins: readonly string[] = [], doubted: NamesDoubted = 'inWrites') {
    for (const origin of origins) {
      if (origin !== '*' && !isOrigin(origin)) {
        throw new RaftError(
          'INVALID_ARGUMENT',
          `'${origin}' is not an origin: write it as browsers do, for example https://app.example.com, or *`,
        )
      }
    }
    this.#origins = new Set(origins)
    this.#hosts = new Set(origins.flatMap(origin => (origin === '*' ? [] : [new URL(origin).host])))
    this.#doubted = doubted
  }

  /** For the answer, also to a refusal; nothing where no page asks, or one that may not. */
  headersFor({ headers: { origin } }: RequestHead): Headers | undefined {
    if (origin === undefined || !this.#knows(origin)) return undefined
    const allowed = this.#origins.has('*')
      ? { 'Access-Control-Allow-Origin': '*' }
      : { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' }
    return { ...allowed, 'Access-Control-Expose-Headers': exposed }
  }

  /** @throws Refusal 403 to a page of another origin that would change something, and where the name of this server is doubted. */
  check({ method, headers: { origin, host } }: RequestHead): void {
    const isDoubtful = this.#doubted !== 'nowhere' && !this.#isOwn(host)
    if (isDoubtful && this.#doubted === 'everywhere') throw strangeHost(host)
    if (origin === undefined || method === 'GET' || method === 'HEAD' || this.#knows(origin)) return
    if (!isDoubtful && isOrigin(origin) && new URL(origin).host === host) return
    throw new Refusal(
      403,
      'ORIGIN_NOT_ALLOWED',
      `pages of ${shown(origin)} may not write here: start the node with --cors-origins to let them`,
    )
  }

  /** The answer to the question that browsers ask first; undefined for other requests. It shows no token, so none is asked for. */
  preflight(request: RequestHead): Reply | undefined {
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return undefined
    if (this.headersFor(request) === undefined) return undefined
    const leave = {
      'Access-Control-Allow-Methods': methods,
      'Access-Control-Allow-Headers': headers,
      'Access-Control-Max-Age': preflightSeconds,
    }
    return text(200, '', { headers: leave })
  }

  #knows(origin: string): boolean {
    return this.#origins.has(origin) || this.#origins.has('*')
  }

  /** Browsers always name a host. Clients repeat themselves: the last one that was found to be our own is known again. */
  #isOwn(host = ''): boolean {
    if (host === '' || host === this.#ownHost) return true
    if (!ownName.test(host) && !this.#hosts.has(host) && !this.#origins.has('*')) return false
    this.#ownHost = host
    return true
  }
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}

function strangeHost(host = ''): Refusal {
  return new Refusal(
    403,
    'HOST_NOT_ALLOWED',
    `this node serves only its own machine, where ${shown(host)} may be the name of a web page: ask localhost or 127.0.0.1, start the node with tokens, or name http://${host.slice(0, 200)} with --cors-origins`,
  )
}

function shown(origin: string): string {
  return JSON.stringify(origin.slice(0, 200))
}
