/** What one client may ask of a server. */
export type Limits = {
  /** Body of a request, in bytes. Default 8 MiB. */
  readonly bodyBytesMax: number
  /** One value, in bytes of UTF-8; exactly so many are allowed. Default 1 MiB. */
  readonly valueBytesMax: number
  /** One key, in bytes of UTF-8. Default 4 KiB: percent-encoded it still fits in a request line. */
  readonly keyBytesMax: number
  /** Open connections. Default 4,096: more are closed at once rather than all made slow. */
  readonly connectionsMax: number
  /** From the first byte of a request to the end of its headers, in milliseconds. Default 10 s. */
  readonly headersTimeoutMs: number
  /** From the first byte of a request to its last. Default 30 s. */
  readonly requestTimeoutMs: number
  /** How long an idle connection is kept. Default 75 s: longer than clients keep theirs, so that they do not send into a closed one. */
  readonly keepAliveTimeoutMs: number
  /** How long a request waits for the cluster. Default 5 s. */
  readonly answerTimeoutMs: number
}

export const defaultLimits: Limits = {
  bodyBytesMax: 8 * 1024 * 1024,
  valueBytesMax: 1024 * 1024,
  keyBytesMax: 4 * 1024,
  connectionsMax: 4_096,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 75_000,
  answerTimeoutMs: 5_000,
}
