import { performance } from 'node:perf_hooks'
import type { Logger } from 'pino'
import { anybody, type Principal } from '../security/authority.ts'
import type { Body, Exchange, RequestHead, Service } from './exchange.ts'
import { Query } from './query.ts'
import { Refusal, refusalReply } from './refusal.ts'
import type { Reply } from './respond.ts'
import { type Route, route } from './router.ts'

/** A request as it was read, whoever has read it. */
export type Incoming = RequestHead & {
  readonly url: string
  readonly body: Body
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
}

/** From a request to its answer: finds the route, checks who asks, counts, and makes an answer of every error. */
export class Answering {
  readonly #service: () => Service
  readonly #log: Logger | undefined
  readonly #closing: AbortSignal

  /** `service` is asked at every request, since the node comes later than the port. */
  constructor(service: () => Service, log: Logger | undefined, closing: AbortSignal) {
    this.#service = service
    this.#log = log
    this.#closing = closing
  }

  /** `send` gets the answer, once, and must not throw or reject: where it takes time, the request is in progress until it has ended. */
  answer(incoming: Incoming, send: (reply: Reply) => undefined | Promise<void>): void {
    const began = performance.now()
    const service = this.#service()
    const { method } = incoming
    let found: Route | undefined
    let counted = false
    let by = ''
    const finish = (reply: Reply): void => {
      const of = found === undefined ? service.metrics.route('other', 'other') : service.metrics.route(method, found.path)
      if (found?.handler.access === 'admin' && method !== 'GET') this.#logOperation(incoming, by, reply.status)
      of.answered(reply.status, performance.now() - began)
      const sending = send(withHeaders(reply, service.pages.headersFor(incoming)))
      if (!counted) return
      if (sending === undefined) service.load.end()
      else void sending.then(() => service.load.end())
    }
    const fail = (error: unknown): void => finish(this.#refused(error, method))
    try {
      const preflight = service.pages.preflight(incoming)
      if (preflight !== undefined) return finish(preflight)
      service.pages.check(incoming)
      const target = originForm(incoming.url)
      const at = target.indexOf('?')
      found = route(method, at < 0 ? target : target.slice(0, at))
      const principal = authorized(found, incoming, service)
      by = principal.name
      if (found.handler.access !== 'open') {
        service.load.begin()
        counted = true
      }
      const { body, signal } = incoming
      const query = new Query(at < 0 ? '' : target.slice(at + 1))
      const { rest } = found
      const exchange: Exchange = { service, request: incoming, body, rest, query, target, signal, closing: this.#closing, principal }
      const reply = found.handler.run(exchange)
      if (reply instanceof Promise) void reply.then(finish, fail)
      else finish(reply)
    } catch (error) {
      fail(error)
    }
  }

  /** Who has changed the cluster itself, or tried to: whoever runs it will want to know. */
  #logOperation({ method, url }: Incoming, by: string, status: number): void {
    const path = url.replace(/\?.*$/, '').slice(0, 200)
    this.#log?.info({ by, method, path, status }, `operator: ${by === '' ? 'somebody' : by} asked for ${method} ${path}: ${status}`)
  }

  #refused(error: unknown, method: string): Reply {
    const reply = refusalReply(error, { isRead: method === 'GET' || method === 'HEAD' })
    if (reply.status === 500 && !(error instanceof Refusal)) this.#log?.error({ err: error }, `http: ${method} failed`)
    return reply
  }
}

/** @throws Refusal 401, 403. */
function authorized({ handler: { access } }: Route, request: RequestHead, { authority }: Service): Principal {
  if (authority === undefined || access === 'open' || access === 'own') return anybody
  return authority.check(request, access)
}

/** `Vary` may have been said already. */
function withHeaders(reply: Reply, more: Reply['headers']): Reply {
  if (more === undefined) return reply
  const vary = [reply.headers?.Vary, more.Vary].filter(name => name !== undefined).join(', ')
  return { ...reply, headers: { ...reply.headers, ...more, ...(vary !== '' && { Vary: vary }) } }
}

/** Proxies may send the whole URL. */
function originForm(url: string): string {
  if (url.startsWith('/')) return url
  const withoutOrigin = url.replace(/^https?:\/\/[^/?]*/i, '')
  return withoutOrigin.startsWith('/') ? withoutOrigin : `/${withoutOrigin}`
}
