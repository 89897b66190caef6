import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'

/** `http://localhost:8180/` or `localhost:8180` as `localhost:8180`; anything else is an error at once, and not after a timeout. */
export function endpointOf(text: string): string {
  const endpoint = text
    .trim()
    .replace(/^http:\/\//, '')
    .replace(/\/$/, '')
  const port = Number(/^(?:\[[\da-fA-F:.]+\]|[^\s:/@?#[\]]+):(\d{1,5})$/.exec(endpoint)?.[1])
  if (port > 0 && port <= 65_535) return endpoint
  throw new Failure(`"${text}" is no endpoint; write HOST:PORT, for example 127.0.0.1:8180`, exitCodes.usage)
}
