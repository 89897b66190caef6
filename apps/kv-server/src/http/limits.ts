/** What clients may ask of a server. */
export type Limits = {
  /** Body of a request, in bytes. Default 8 MiB. */
  readonly bodyBytesMax: number
  /** Body of a restore, in bytes. Default 16 GiB. */
  readonly restoreBytesMax: number
  /** One value, in bytes; exactly so many are allowed. Default 1 MiB. */
  readonly valueBytesMax: number
  /** One key, in bytes. Default 4 KiB: percent-encoded it still fits in a request line. */
  readonly keyBytesMax: number
  /** Request line and headers, in bytes. Default 16 KiB. */
  readonly headerBytesMax: number
  /** Items of one list. Default 1,000,000: they are streamed. */
  readonly listItemsMax: number
  /** Operations and conditions of one transaction. Default 1,024. */
  readonly txnOperationsMax: number
  /** Open connections. Default 16,384: more are closed at once rather than all made slow. */
  readonly connectionsMax: number
  /** Requests in progress. Default 8,192; more hear 429. Watches and waits for locks are not among them. */
  readonly requestsMax: number
  /** Bodies of requests in progress, in bytes, all together. Default 256 MiB; more hear 429. */
  readonly bodiesBytesMax: number
  /** Watches and waits for locks. Default 16,384. */
  readonly waitersMax: number
  /** Leases, also those of keys with a time to live. Default 1,000,000; who wants one more hears 429. */
  readonly leasesMax: number
  /** Leases that hold or wait for a lock, counted for each lock. Default 100,000; more hear 429. */
  readonly lockPlacesMax: number
  /** From the first byte of a request to the end of its headers, in milliseconds. Default 10 s. */
  readonly headersTimeoutMs: number
  /** From the first byte of a request to its last. Default 30 s. A restore may take longer, as long as something comes. */
  readonly requestTimeoutMs: number
  /** How long an idle connection is kept. Default 75 s: longer than clients keep theirs, so that they do not send into a closed one. */
  readonly keepAliveTimeoutMs: number
  /** How long a request waits for the cluster. Default 5 s. */
  readonly answerTimeoutMs: number
  /** How long a request may wait for a lock. Default 60 s. */
  readonly waitTimeoutMs: number
  /** How often a watch that has nothing to tell says how far it is. Default 10 s. */
  readonly progressMs: number
  /** Writes that a node remembers for those who watch from an earlier revision, by number and by bytes. Defaults 100,000 and 64 MiB. */
  readonly historyRevisionsMax: number
  readonly historyBytesMax: number
  /** Answers that are kept for idempotency keys, by number and by bytes. Defaults 1,000,000 and 256 MiB. Best the same on every node. */
  readonly answersMax: number
  readonly answersBytesMax: number
}

const KiB = 1024
const MiB = 1024 * KiB

export const defaultLimits: Limits = {
  bodyBytesMax: 8 * MiB,
  restoreBytesMax: 16 * 1024 * MiB,
  valueBytesMax: MiB,
  keyBytesMax: 4 * KiB,
  headerBytesMax: 16 * KiB,
  listItemsMax: 1_000_000,
  txnOperationsMax: 1_024,
  connectionsMax: 16_384,
  requestsMax: 8_192,
  bodiesBytesMax: 256 * MiB,
  waitersMax: 16_384,
  leasesMax: 1_000_000,
  lockPlacesMax: 100_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 75_000,
  answerTimeoutMs: 5_000,
  waitTimeoutMs: 60_000,
  progressMs: 10_000,
  historyRevisionsMax: 100_000,
  historyBytesMax: 64 * MiB,
  answersMax: 1_000_000,
  answersBytesMax: 256 * MiB,
}

/** One line on each, for whoever sets them: bytes, items or milliseconds, as the name says. */
export const limitWords: { readonly [Name in keyof Limits]: string } = {
  bodyBytesMax: 'body of a request',
  restoreBytesMax: 'body of a restore',
  valueBytesMax: 'one value',
  keyBytesMax: 'one key',
  headerBytesMax: 'request line and headers',
  listItemsMax: 'items of one list',
  txnOperationsMax: 'conditions and operations of one transaction',
  connectionsMax: 'open connections; more are closed',
  requestsMax: 'requests in progress; more hear 429',
  bodiesBytesMax: 'bodies of all requests in progress together; more hear 429',
  waitersMax: 'watches and waits for locks; more hear 429',
  leasesMax: 'leases, also those of keys with a time to live; more hear 429',
  lockPlacesMax: 'leases that hold or wait for a lock, counted for each lock; more hear 429',
  headersTimeoutMs: 'from the first byte of a request to the end of its headers',
  requestTimeoutMs: 'from the first byte of a request to its last',
  keepAliveTimeoutMs: 'how long an idle connection is kept',
  answerTimeoutMs: 'how long a request waits for the cluster',
  waitTimeoutMs: 'how long a request may wait for a lock',
  progressMs: 'how often a watch that has nothing to tell says how far it is',
  historyRevisionsMax: 'writes that are remembered for those who watch from an earlier revision',
  historyBytesMax: 'what these may take',
  answersMax: 'answers kept for idempotency keys, the same on every node; more hear 429',
  answersBytesMax: 'what these may take',
}
