// A web server that answers as a node does: the statuses that a test gives it, and keys in a map.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { SecureContextOptions } from 'node:tls'
import type { MemberStatus, StatusResponse } from 'kv-client'

export type FakeNode = {
  readonly address: string
  status: StatusResponse | undefined
  /** Asked for, if there is one. */
  token?: string
  readonly keys: Map<string, string>
  close(): void
}

/** With `tls` it speaks HTTPS. */
export async function fakeNode(tls?: SecureContextOptions): Promise<FakeNode> {
  const listener = (request: IncomingMessage, response: ServerResponse) => void answer(node, request, response)
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener)
  const port = await new Promise<number>(resolve =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  )
  const node: FakeNode = { address: `127.0.0.1:${port}`, status: undefined, keys: new Map(), close: () => server.close() }
  return node
}

async function answer({ status, token, keys }: FakeNode, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (code: number, body: unknown) => response.writeHead(code, { Connection: 'close' }).end(JSON.stringify(body))
  const path = request.url ?? ''
  if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
    return void send(401, { error: { code: 'UNAUTHORIZED', message: 'a token is needed' } })
  }
  if (path === '/v1/status' && status !== undefined) return void send(200, status)
  const key = decodeURIComponent(path.replace('/v1/kv/', ''))
  if (request.method === 'PUT') {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    keys.set(key, Buffer.concat(chunks).toString())
    return void send(200, { revision: 7 })
  }
  if (request.method === 'DELETE') return void send(200, { revision: 8, deleted: keys.delete(key) ? 1 : 0 })
  if (keys.has(key)) return void send(200, { key, value: keys.get(key), created: 3, modified: 5, version: 2 })
  send(404, { error: { code: 'KEY_NOT_FOUND', message: 'no such key' } })
}

export function member(id: string, clientAddress: string, more: Partial<MemberStatus> = {}): MemberStatus {
  const base = { id, address: `${id}:8186`, clientAddress, incarnation: 'i', voter: true, learner: false, reachable: true }
  return { ...base, ...more }
}

export function statusOf(id: string, members: readonly MemberStatus[], more: Partial<StatusResponse> = {}): StatusResponse {
  return {
    id,
    clusterId: 'c0ffee',
    incarnation: 'i',
    address: `${id}:8186`,
    clientAddress: '',
    role: 'follower',
    leader: null,
    term: 3,
    commit: 100,
    applied: 100,
    saved: 100,
    first: 1,
    last: { term: 3, index: 100 },
    snapshotIndex: 0,
    membershipIndex: 5,
    members,
    quorum: { voters: members.length, needed: 2, reachable: members.length, failureTolerance: 1 },
    keys: 0,
    fault: null,
    repairs: null,
    diskFull: null,
    closing: false,
    server: { version: '0.1.0', nodeVersion: 'v20.19.0', uptimeMs: 60_000, now: Date.now() },
    disk: { dataBytes: 2_048, freeBytes: 50e9, sizeBytes: 100e9, syncMs: 0.4, syncMsMax: 0.9 },
    ...more,
  }
}
