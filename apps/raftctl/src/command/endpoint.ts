import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'

/** `localhost:8180` or `http://localhost:8180/` as `http://127.0.0.1:8180`: servers bind 127.0.0.1, and localhost may mean ::1 first. */
export function toUrl(endpoint: string): string {
  const text = endpoint.trim().replace(/\/+$/, '')
  const url = parse(text.includes('://') ? text : `http://${text}`)
  if (url === undefined || !/:\d+$/.test(text) || !/^https?:$/.test(url.protocol)) {
    throw new Failure(`"${endpoint}" is no endpoint; write HOST:PORT, for example 127.0.0.1:8180`, exitCodes.usage)
  }
  if (url.hostname === 'localhost') url.hostname = '127.0.0.1'
  return url.origin
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
