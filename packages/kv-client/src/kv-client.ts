import { Admin } from './admin.ts'
import type { ListResponse, MembersResponse, PutResponse, RemoveResponse, TxnRequest, TxnResponse } from './api.ts'
import { type Call, readJson } from './attempt.ts'
import { type Bytes, field, inPath, textOf } from './bytes.ts'
import { type AtEndpoint, Caller, type KvClientOptions, type RequestOptions } from './caller.ts'
import { type Entry, entryOf, type KeyEntry, keyEntryOf } from './entries.ts'
import { KvError } from './kv-error.ts'
import { Leases } from './leases.ts'
import { Locks } from './locks.ts'
import { queryOf } from './query.ts'
import type { Consistency, NonLeaderMode, SetResponse, StatusResponse } from './types.ts'
import { type WatchBatch, type WatchOptions, watch } from './watch.ts'

export type KeyOptions = RequestOptions & {
  /** What a node that does not lead is to do with the request. Default: what the node was started with. */
  readonly nonLeader?: NonLeaderMode | undefined
}
export type ReadOptions = KeyOptions & {
  /** Default `linearizable`. */
  readonly consistency?: Consistency | undefined
  /** With `stale`: refuse an answer that may be older than this, in milliseconds. */
  readonly maxStalenessMs?: number | undefined
  /** With `stale`: refuse an answer of a node that has so many entries yet to apply. */
  readonly maxLag?: number | undefined
}
export type WriteOptions = KeyOptions & {
  /** The same request with the same key is done once and answered the same for 24 hours; so the client repeats it when an answer is lost. */
  readonly idempotencyKey?: string | undefined
}
export type SetOptions = WriteOptions & {
  /** The key goes after so long, in milliseconds, unless it is written again. */
  readonly ttlMs?: number | undefined
  /** The key goes with this lease. */
  readonly lease?: number | undefined
}
export type ListOptions = ReadOptions & {
  /** Keys that begin with this. */
  readonly prefix?: Bytes | undefined
  /** Begin with this key, end before that one. */
  readonly from?: Bytes | undefined
  readonly to?: Bytes | undefined
  /** No more than so many. Default: all. */
  readonly limit?: number | undefined
  /** How many are asked for at a time. Default 1,000. */
  readonly pageSize?: number | undefined
}
/** What a key must be for `cas`: at this revision, holding this value, or not there at all. */
export type Expected = { readonly revision: number } | { readonly value: Bytes } | 'absent'
export type CasResult =
  | { readonly swapped: true; readonly revision: number }
  /** What is there instead; undefined: nothing. */
  | { readonly swapped: false; readonly revision: number; readonly current: Entry | undefined }

/**
 * Talks to a replicated key-value store through any of its nodes. Goes to the next node when one fails, and repeats only what is safe to
 * repeat: reads, writes that are known not to have been applied, and writes with an idempotency key. Holds no connections of its own, so
 * there is nothing to close.
 */
export class KvClient {
  /** What only an operator does: members, leadership, snapshots, health. */
  readonly admin: Admin
  readonly leases: Leases
  readonly locks: Locks
  readonly #caller: Caller
  readonly #idempotentWrites: boolean

  constructor(options: KvClientOptions) {
    this.#caller = new Caller(options)
    this.#idempotentWrites = options.idempotentWrites ?? false
    this.admin = new Admin(this.#caller)
    this.leases = new Leases(this.#caller)
    this.locks = new Locks(this.#caller, this.leases)
  }

  get endpoints(): readonly string[] {
    return this.#caller.endpoints
  }

  /** The value of a key as text, or undefined if there is no such key. @throws KvError NOT_TEXT if it is other bytes. */
  async get(key: Bytes, options: ReadOptions = {}): Promise<string | undefined> {
    const bytes = await this.getBytes(key, options)
    const text = bytes === undefined ? undefined : textOf(bytes)
    if (bytes === undefined || text !== undefined) return text
    throw new KvError('the value is not UTF-8: read it with getBytes', { code: 'NOT_TEXT', outcome: 'not-applied' })
  }

  /** The value of a key, or undefined if there is no such key. @throws KvError */
  async getBytes(key: Bytes, options: ReadOptions = {}): Promise<Uint8Array | undefined> {
    const read = async (response: Response) => new Uint8Array(await response.arrayBuffer())
    return unlessMissing(this.#caller.call({ method: 'GET', path: `${kvPath(key)}${readQuery(options)}`, read }, options))
  }

  /** A key with its value and revisions, or undefined if there is none. @throws KvError */
  async entry(key: Bytes, options: ReadOptions = {}): Promise<Entry | undefined> {
    const call: Call<Parameters<typeof entryOf>[0]> = {
      method: 'GET',
      path: `${kvPath(key)}${readQuery(options)}`,
      headers: { Accept: 'application/json' },
      read: readJson,
    }
    const item = await unlessMissing(this.#caller.call(call, options))
    return item === undefined ? undefined : entryOf(item)
  }

  /** Sets one key. @throws KvError */
  set(key: Bytes, value: Bytes, options: SetOptions = {}): Promise<PutResponse> {
    const { ttlMs, lease, nonLeader } = options
    const path = `${kvPath(key)}${queryOf({ ttl: ttlMs, lease, 'non-leader': nonLeader })}`
    return this.#write<PutResponse>({ method: 'PUT', path, body: value, read: readJson }, options)
  }

  /** Sets several keys: all of them or none. Keys and values are text. @throws KvError */
  async setAll(pairs: Iterable<readonly [key: string, value: string]>, options: WriteOptions = {}): Promise<PutResponse> {
    const body = JSON.stringify(Object.fromEntries(pairs)) // defines properties, so `__proto__` is a key like any other
    const path = `/key${queryOf({ 'non-leader': options.nonLeader })}`
    const { index } = await this.#write<SetResponse>({ method: 'POST', path, body, read: readJson }, options)
    return { revision: index }
  }

  /** Deletes a key; one that is not there is no error. @throws KvError */
  async delete(key: Bytes, options: WriteOptions = {}): Promise<{ readonly revision: number; readonly deleted: boolean }> {
    const path = `${kvPath(key)}${queryOf({ 'non-leader': options.nonLeader })}`
    const { revision, deleted } = await this.#write<RemoveResponse>({ method: 'DELETE', path, read: readJson }, options)
    return { revision, deleted: deleted > 0 }
  }

  /** Deletes all keys that begin with the prefix, at once; an empty one: every key. @throws KvError */
  deletePrefix(prefix: Bytes, options: WriteOptions = {}): Promise<RemoveResponse> {
    const path = `/v1/kv${queryOf({ prefix, 'non-leader': options.nonLeader })}`
    return this.#write<RemoveResponse>({ method: 'DELETE', path, read: readJson }, options)
  }

  /**
   * Keys with their values in ascending order of their bytes, page by page as they are taken: the whole never sits in memory. Each page is
   * of one revision, and later pages may be of later ones. @throws KvError
   */
  async *list(options: ListOptions = {}): AsyncGenerator<Entry, void, undefined> {
    for await (const { items } of this.#pages(options, false)) yield* items.map(entryOf)
  }

  /** As `list`, without the values. @throws KvError */
  async *keys(options: ListOptions = {}): AsyncGenerator<KeyEntry, void, undefined> {
    for await (const { items } of this.#pages(options, true)) yield* items.map(keyEntryOf)
  }

  /** One page, as the server gives it: all of one revision, from which a watch can go on. @throws KvError */
  page(
    options: ListOptions & { readonly cursor?: string | undefined; readonly keysOnly?: boolean | undefined } = {},
  ): Promise<ListResponse> {
    const { prefix, from, to, cursor, pageSize, keysOnly } = options
    const query = readQuery(options, { prefix, from, to, cursor, limit: pageSize, keys: keysOnly })
    return this.#caller.call<ListResponse>({ method: 'GET', path: `/v1/kv${query}`, read: readJson }, options)
  }

  /** If every condition holds, all of `success`, otherwise all of `failure`; nothing comes in between. @throws KvError */
  txn(request: TxnRequest, options: WriteOptions = {}): Promise<TxnResponse> {
    const path = `/v1/txn${queryOf({ 'non-leader': options.nonLeader })}`
    return this.#write<TxnResponse>({ method: 'POST', path, body: JSON.stringify(request), read: readJson }, options)
  }

  /** Compare and set: writes the value if the key is as expected, and says what it is otherwise. @throws KvError */
  async cas(key: Bytes, expected: Expected, value: Bytes, options: WriteOptions & Pick<SetOptions, 'lease'> = {}): Promise<CasResult> {
    const lease = options.lease === undefined ? {} : { lease: options.lease }
    const put = { op: 'put', ...field('key', key), ...field('value', value), ...lease }
    const request = { compare: [conditionOf(key, expected)], success: [put], failure: [{ op: 'get', ...field('key', key) }] }
    const { succeeded, revision, results } = await this.txn(request as unknown as TxnRequest, options)
    if (succeeded) return { swapped: true, revision }
    const [found] = results
    const item = found?.op === 'get' ? found.item : null
    return { swapped: false, revision, current: item === null ? undefined : entryOf(item) }
  }

  /**
   * What is written, from now on or after a revision: everything once, in order, also across nodes that fail; it goes on by itself until
   * the loop is left or `signal` says so. @throws KvError COMPACTED if no node remembers what came after the revision; and as other calls
   * do if no node can be reached at first.
   */
  watch(options: WatchOptions = {}): AsyncGenerator<WatchBatch, void, undefined> {
    return watch(this.#caller, options)
  }

  /** What one node says of itself: the given endpoint, or the first that answers. @throws KvError */
  status(options: RequestOptions & AtEndpoint = {}): Promise<StatusResponse> {
    return this.#caller.call<StatusResponse>({ method: 'GET', path: '/v1/status', read: readJson }, options)
  }

  /** Who belongs to the cluster, as one node knows it. @throws KvError */
  members(options: RequestOptions & AtEndpoint = {}): Promise<MembersResponse> {
    return this.#caller.call<MembersResponse>({ method: 'GET', path: '/v1/members', read: readJson }, options)
  }

  async *#pages(options: ListOptions, keysOnly: boolean): AsyncGenerator<ListResponse, void, undefined> {
    let left = options.limit ?? Number.POSITIVE_INFINITY
    let cursor: string | null | undefined
    while (left > 0 && cursor !== null) {
      const page = await this.page({ ...options, cursor, keysOnly, pageSize: Math.min(left, options.pageSize ?? pageSizeDefault) })
      yield page
      left -= page.items.length
      cursor = page.next
    }
  }

  #write<Answer>(call: Call<Answer>, options: WriteOptions): Promise<Answer> {
    const key = options.idempotencyKey ?? (this.#idempotentWrites ? drawnKey() : undefined)
    if (key === undefined) return this.#caller.call(call, options)
    return this.#caller.call({ ...call, headers: { ...call.headers, 'Idempotency-Key': key }, isRepeatable: true }, options)
  }
}

/** Not randomUUID: browsers have that only on pages that came over HTTPS. */
function drawnKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
}

const pageSizeDefault = 1_000

function kvPath(key: Bytes): string {
  return `/v1/kv/${inPath(key)}`
}

function readQuery(options: ReadOptions, more: Parameters<typeof queryOf>[0] = {}): string {
  const { consistency, maxStalenessMs, maxLag, nonLeader } = options
  return queryOf({ ...more, consistency, 'max-staleness': maxStalenessMs, 'max-lag': maxLag, 'non-leader': nonLeader })
}

function conditionOf(key: Bytes, expected: Expected): Record<string, unknown> {
  if (expected === 'absent') return { ...field('key', key), target: 'version', operand: 0 }
  if ('revision' in expected) return { ...field('key', key), target: 'modified', operand: expected.revision }
  return { ...field('key', key), target: 'value', ...field('value', expected.value) }
}

async function unlessMissing<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof KvError && error.code === 'KEY_NOT_FOUND') return undefined
    throw error
  }
}
