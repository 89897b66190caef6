import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'

/**
 * `http://localhost:8180/` or `localhost:8180` as `localhost:8180`, `https://` stays; anything else is an error at once, and not after a
 * timeout.
 */
export function endpointOf(text: string, flag: string): string {
  const [, secure = '', endpoint = ''] = /^(https:\/\/|http:\/\/)?(.*?)\/?$/.exec(text.trim()) ?? []
  const port = Number(/^(?:\[[\da-fA-F:.]+\]|[^\s:/@?#[\]]*):(\d{1,5})$/.exec(endpoint)?.[1])
  if (port <= 65_535) return (secure === 'https://' ? secure : '') + endpoint.replace(/^:/, '127.0.0.1:')
  throw new Failure(`${flag}: "${text}" is not an address; write HOST:PORT, for example localhost:8180`, exitCodes.usage)
}

/** The values of a flag that may be given several times. From an environment variable oclif hands them over in one piece. */
export function listOf(values: readonly string[] | string | undefined): readonly string[] {
  return typeof values === 'string' ? values.split(',').map(value => value.trim()) : (values ?? [])
}
