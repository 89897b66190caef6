import { isUtf8 } from 'node:buffer'
import type { Exchange } from './exchange.ts'
import { Refusal } from './refusal.ts'

/**
 * The body as JSON, whatever the content type says: curl calls everything a form.
 * @throws Refusal 413 over the limit, 400 if it is not JSON.
 */
export async function readJson(exchange: Exchange): Promise<unknown> {
  const bytes = await readBody(exchange)
  // Lenient decoding would store something else than was sent.
  if (!isUtf8(bytes)) throw new Refusal(400, 'INVALID_BODY', 'the body is not UTF-8')
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new Refusal(400, 'INVALID_BODY', 'the body is not JSON: send an object such as {"foo":"bar"}')
  }
}

function readBody({ request, response, service }: Exchange): Promise<Buffer> {
  const bytesMax = service.limits.bodyBytesMax
  const tooLarge = () => new Refusal(413, 'TOO_LARGE', `the body is larger than ${bytesMax} bytes: send fewer keys at a time`)
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return Promise.reject(tooLarge())
  // A client that waits to be asked for its body (curl does, for large ones) is asked only when it will be read.
  if (request.headers.expect !== undefined) response.writeContinue()

  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bytesMax) chunks.push(chunk)
      else reject(tooLarge()) // what still comes is read and dropped, or the client would never see the answer
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', () => reject(new Refusal(400, 'INVALID_BODY', 'the body ended too early')))
  })
}
