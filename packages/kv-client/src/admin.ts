import type { JoinSecretResponse, MembershipResponse, RestoreResponse, SnapshotResponse, TransferResponse } from './api.ts'
import { type Call, readJson } from './attempt.ts'
import { inPath } from './bytes.ts'
import type { AtEndpoint, Caller, RequestOptions } from './caller.ts'
import type { JoinRequestBody, JoinResponse } from './types.ts'

/** What a node says of its health: in order, or else why not, one line each. */
export type Health = { readonly healthy: boolean; readonly text: string }

/** What an operator does with a cluster. With tokens, most of it needs the role admin. */
export class Admin {
  readonly #caller: Caller

  constructor(caller: Caller) {
    this.#caller = caller
  }

  /** Asks for a node to be let in. Nodes do this for themselves when they start. @throws KvError */
  join(request: JoinRequestBody, options: RequestOptions = {}): Promise<JoinResponse> {
    return this.#post('/join', request, options)
  }

  /** Lets a learner vote. @throws KvError */
  promote(id: string, options: RequestOptions = {}): Promise<MembershipResponse> {
    return this.#post(`/v1/members/${inPath(id, 'id')}/promote`, undefined, options)
  }

  /** Makes a voter a learner. @throws KvError */
  demote(id: string, options: RequestOptions = {}): Promise<MembershipResponse> {
    return this.#post(`/v1/members/${inPath(id, 'id')}/demote`, undefined, options)
  }

  /** Removes a member for good. @throws KvError */
  remove(id: string, options: RequestOptions = {}): Promise<MembershipResponse> {
    return this.#caller.call<MembershipResponse>({ method: 'DELETE', path: `/v1/members/${inPath(id, 'id')}`, read: readJson }, options)
  }

  /** Another voter leads; without a target the one with most of the log. Resolves once it does. @throws KvError */
  transferLeadership(options: RequestOptions & { readonly target?: string | undefined } = {}): Promise<TransferResponse> {
    return this.#post('/v1/leader/transfer', options.target === undefined ? {} : { target: options.target }, options)
  }

  /** A secret that lets one node join, once, within the time (default one hour). It is told only here. @throws KvError */
  createJoinSecret(options: RequestOptions & { readonly ttlMs?: number | undefined } = {}): Promise<JoinSecretResponse> {
    return this.#post('/v1/join-secrets', options.ttlMs === undefined ? {} : { ttlMs: options.ttlMs }, options)
  }

  /** All keys as of one revision, as they arrive. The time is for the beginning of the answer. @throws KvError */
  downloadSnapshot(options: RequestOptions & AtEndpoint = {}): Promise<ReadableStream<Uint8Array>> {
    const read = async (response: Response) => response.body ?? undefined
    return this.#caller.call({ method: 'GET', path: '/v1/snapshot', read, isStream: true }, options)
  }

  /** Replaces all keys by those of a snapshot; takes as long as it takes. A stream is sent once, to one node. @throws KvError */
  restoreSnapshot(snapshot: Uint8Array | ReadableStream<Uint8Array>, options: RequestOptions = {}): Promise<RestoreResponse> {
    const call: Call<RestoreResponse> = { method: 'PUT', path: '/v1/snapshot', body: snapshot, read: readJson }
    return this.#caller.call(call, { timeoutMs: Number.POSITIVE_INFINITY, ...options })
  }

  /** Lets a node write its snapshot now, and shorten its log. @throws KvError */
  takeSnapshot(options: RequestOptions & AtEndpoint = {}): Promise<SnapshotResponse> {
    return this.#post('/v1/snapshot/take', undefined, options)
  }

  /** Whether a restart would help. @throws KvError if the node does not answer. */
  live(options: RequestOptions & AtEndpoint = {}): Promise<Health> {
    return this.#health('/livez', options)
  }

  /** Whether to send clients to the node, and if not, why. @throws KvError if the node does not answer. */
  ready(options: RequestOptions & AtEndpoint = {}): Promise<Health> {
    return this.#health('/readyz', options)
  }

  /** In the text format of Prometheus. @throws KvError */
  metrics(options: RequestOptions & AtEndpoint = {}): Promise<string> {
    return this.#caller.call({ method: 'GET', path: '/metrics', read: response => response.text() }, options)
  }

  #health(path: string, options: RequestOptions & AtEndpoint): Promise<Health> {
    const read = async (response: Response) => ({ healthy: response.status === 200, text: await response.text() })
    const accepts = (status: number) => status === 200 || status === 503
    return this.#caller.call({ method: 'GET', path: `${path}?verbose`, read, accepts }, options)
  }

  #post<Answer>(path: string, body: unknown, options: RequestOptions & AtEndpoint): Promise<Answer> {
    const call: Call<Answer> = { method: 'POST', path, read: readJson }
    return this.#caller.call(body === undefined ? call : { ...call, body: JSON.stringify(body) }, options)
  }
}
