import { isUtf8 } from 'node:buffer'
import { after } from './after.ts'
import type { Body, Exchange, Service } from './exchange.ts'
import { Refusal } from './refusal.ts'

/**
 * The body as JSON, whatever the content type says: curl calls everything a form.
 * A promise of it where it has not arrived yet. @throws Refusal 413 over the limit, 400 if it is not JSON.
 */
export function readJson(exchange: Exchange, example: string): unknown {
  return after(readBytes(exchange, 'send fewer keys at a time'), bytes => jsonIn(bytes, example))
}

/** As `readJson`, for a body that cannot be meant to be longer. */
export async function readShortJson(exchange: Exchange, example: string, bytesMax: number): Promise<unknown> {
  return jsonIn(await readBytes(exchange, `send no more than such as ${example}`, bytesMax), example)
}

/** As `readJson`; nothing at all counts as `{}`. */
export async function readJsonOrNothing(exchange: Exchange, example: string): Promise<unknown> {
  const bytes = await readBytes(exchange, 'that cannot be meant')
  return bytes.length === 0 ? {} : jsonIn(bytes, example)
}

/** @throws Refusal 400: lenient decoding would store something else than was sent. */
export function requireUtf8(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new Refusal(400, 'INVALID_BODY', 'the body is not UTF-8')
}

/** @throws Refusal 400. */
export function jsonIn(bytes: Buffer, example = '{"foo":"bar"}'): unknown {
  requireUtf8(bytes)
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new Refusal(400, 'INVALID_BODY', `the body is not JSON: send an object such as ${example}`)
  }
}

/** The whole body, at once where it is there. @throws Refusal 413 over the limit, 429 if others fill the memory, 408 if it takes too long. */
export function readBytes(exchange: Exchange, advice: string, bytesMax = exchange.service.limits.bodyBytesMax): Buffer | Promise<Buffer> {
  const { request, body, service } = exchange
  const tooLarge = () => new Refusal(413, 'TOO_LARGE', `the body is larger than ${bytesMax} bytes: ${advice}`)
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw tooLarge()
  return body instanceof Uint8Array ? (body as Buffer) : gather(body, service, { bytesMax, tooLarge })
}

type Most = { readonly bytesMax: number; readonly tooLarge: () => Refusal }

function gather(body: Exclude<Body, Uint8Array>, { load, limits }: Service, { bytesMax, tooLarge }: Most): Promise<Buffer> {
  const { request } = body
  askForBody(body)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const timer = setTimeout(() => settle(() => reject(tooSlow())), limits.requestTimeoutMs)
    let isSettled = false
    const settle = (run: () => void) => {
      if (isSettled) return
      isSettled = true
      clearTimeout(timer)
      load.removeBody(bytes)
      run()
    }
    request.on('data', (chunk: Buffer) => {
      if (isSettled) return // read and dropped, or the client would never see the answer
      try {
        load.addBody(chunk.length)
      } catch (error) {
        return settle(() => reject(error))
      }
      bytes += chunk.length
      if (bytes > bytesMax) settle(() => reject(tooLarge()))
      else chunks.push(chunk)
    })
    request.on('end', () => settle(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))))
    request.on('error', () => settle(() => reject(new Refusal(400, 'INVALID_BODY', 'the body ended too early'))))
  })
}

/** The body bit by bit. Ends with a Refusal when nothing comes for as long as a whole request may take, or too much. */
export async function* streamBody(exchange: Exchange, bytesMax: number): AsyncGenerator<Buffer, void, undefined> {
  const { body, service } = exchange
  if (body instanceof Uint8Array) {
    yield body as Buffer
    return
  }
  const { request } = body
  askForBody(body)
  let bytes = 0
  let isSlow = false
  const timer = setTimeout(() => {
    isSlow = true
    request.destroy()
  }, service.limits.requestTimeoutMs)
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      timer.refresh()
      bytes += chunk.length
      if (bytes > bytesMax) throw new Refusal(413, 'TOO_LARGE', `the body is larger than ${bytesMax} bytes`)
      yield chunk
    }
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw isSlow ? tooSlow() : new Refusal(400, 'INVALID_BODY', 'the body ended too early')
  } finally {
    clearTimeout(timer)
    request.resume()
  }
}

function tooSlow(): Refusal {
  return new Refusal(408, 'REQUEST_TIMEOUT', 'the request took too long to arrive', { Connection: 'close' })
}

/** A client that waits to be asked for its body (curl does, for large ones) is asked only when it will be read. */
function askForBody({ request, response }: Exclude<Body, Uint8Array>): void {
  if (request.headers.expect !== undefined) response.writeContinue()
}
