/** What we use of it; it ships no types. */
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'

  type Request = {
    readonly method: string
    readonly path: string
    readonly body?: string
    readonly headers?: Readonly<Record<string, string>>
  }
  type Options = {
    readonly url: string
    readonly connections: number
    /** Seconds. */
    readonly duration: number
    /** Seconds. */
    readonly timeout: number
    readonly requests: readonly Request[]
  }
  type Result = { readonly errors: number; readonly timeouts: number; readonly duration: number }

  /** Emits `response` (client, status code, bytes, milliseconds). */
  export default function autocannon(options: Options, done: (error: Error | null, result: Result) => void): EventEmitter
}
