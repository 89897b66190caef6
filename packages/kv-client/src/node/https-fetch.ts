import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import type { Fetch } from '../attempt.ts'

/** In PEM. */
export type Certificates = {
  /** Authorities that sign the certificates of nodes, instead of those that the system trusts. */
  readonly ca?: string | undefined
  /** What this client shows, with its private key, where nodes ask for a certificate. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name in the certificates of nodes, if it is not the one they are reached by. */
  readonly serverName?: string | undefined
}

/** Node's fetch knows no certificates but those of the system. This one does, and keeps connections open for the next call. */
export function httpsFetch({ ca, cert, key, serverName }: Certificates): Fetch {
  const agent = new Agent({
    keepAlive: true,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
  })
  return async (url, { method = 'GET', headers = {}, body, signal }) => {
    const options = { method, headers: headers as Record<string, string>, ...(signal != null && { signal }) }
    return answerOf(await exchange(url, url.startsWith('https:') ? { ...options, agent } : options, body))
  }
}

/** @throws Error with the system's code, as node:http gives it. */
function exchange(url: string, options: RequestOptions, body: RequestInit['body']): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? httpsRequest(url, options) : httpRequest(url, options)
    request.on('response', resolve)
    request.on('error', reject)
    if (body instanceof ReadableStream) pipeline(Readable.fromWeb(body as NodeStream), request).catch(reject)
    else request.end(body ?? undefined)
  })
}

const withoutBody = [204, 205, 304]

function answerOf(message: IncomingMessage): Response {
  const status = message.statusCode ?? 0
  const headers = new Headers()
  for (const [name, value] of Object.entries(message.headers)) if (typeof value === 'string') headers.set(name, value)
  if (withoutBody.includes(status)) {
    message.resume()
    return new Response(null, { status, headers })
  }
  return new Response(Readable.toWeb(message) as unknown as ReadableStream, { status, headers })
}
