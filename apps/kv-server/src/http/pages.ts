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
 * Web pages of other origins (CORS, as the Fetch standard has it). Browsers send what a page asks for, with or without leave, and only then
 * look at the answer: so what would change something is refused here unless the page's origin was named.
 */
export class Pages {
  readonly #origins: ReadonlySet<string>

  /** `*`: pages of all origins. @throws RaftError INVALID_ARGUMENT for what no browser sends as an origin. */
  constructor(origins: readonly string[] = []) {
    for (const origin of origins) {
      if (origin !== '*' && !isOrigin(origin)) {
        throw new RaftError(
          'INVALID_ARGUMENT',
          `'${origin}' is not an origin: write it as browsers do, for example https://app.example.com, or *`,
        )
      }
    }
    this.#origins = new Set(origins)
  }

  /** For the answer, also to a refusal; nothing where no page asks, or one that may not. */
  headersFor({ headers: { origin } }: RequestHead): Headers | undefined {
    if (origin === undefined || !this.#knows(origin)) return undefined
    const allowed = this.#origins.has('*')
      ? { 'Access-Control-Allow-Origin': '*' }
      : { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' }
    return { ...allowed, 'Access-Control-Expose-Headers': exposed }
  }

  /** @throws Refusal 403 to a page of another origin that would change something. */
  check({ method, headers: { origin, host } }: RequestHead): void {
    if (origin === undefined || method === 'GET' || method === 'HEAD' || this.#knows(origin)) return
    if (isOrigin(origin) && new URL(origin).host === host) return
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
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}

function shown(origin: string): string {
  return JSON.stringify(origin.slice(0, 200))
}
