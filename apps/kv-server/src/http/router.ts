import type { Role } from '../security/authority.ts'
import type { Exchange } from './exchange.ts'
import { Refusal } from './refusal.ts'
import type { Reply } from './respond.ts'
import { livez, readyz } from './routes/health.ts'
import { join } from './routes/join.ts'
import { deleteKey, getKey, setKeys } from './routes/key.ts'
import { deleteKv, getKv, putKv } from './routes/kv.ts'
import { getLease, grantLease, keepLeaseAlive, listLeases, revokeLease } from './routes/leases.ts'
import { getLock, listLocks, lock, unlock } from './routes/locks.ts'
import { changeMember, createJoinSecret, listMembers, transferLeadership } from './routes/members.ts'
import { metrics } from './routes/metrics.ts'
import { openapiDocument } from './routes/openapi.ts'
import { deleteRange, listKv } from './routes/range.ts'
import { downloadSnapshot, restoreSnapshot, takeSnapshot } from './routes/snapshots.ts'
import { status } from './routes/status.ts'
import { txn } from './routes/txn.ts'
import { watch } from './routes/watch.ts'

/** `open`: anybody. `own`: the route decides who may. */
type Access = Role | 'open' | 'own'
type Handler = {
  readonly run: (exchange: Exchange) => Reply | Promise<Reply>
  readonly access: Access
}
type Methods = Readonly<Record<string, Handler>>

const reads = (run: Handler['run']): Handler => ({ run, access: 'read' })
const writes = (run: Handler['run']): Handler => ({ run, access: 'write' })
const operates = (run: Handler['run']): Handler => ({ run, access: 'admin' })
const open = (run: Handler['run']): Handler => ({ run, access: 'open' })

/** Every path this server knows, as in the API's description. */
export const routes: Readonly<Record<string, Methods>> = {
  '/key': { POST: writes(setKeys) },
  '/key/{key}': { GET: reads(getKey), DELETE: writes(deleteKey) },
  '/join': { POST: { run: join, access: 'own' } },
  '/v1/kv': { GET: reads(listKv), DELETE: writes(deleteRange) },
  '/v1/kv/{key}': { GET: reads(getKv), PUT: writes(putKv), DELETE: writes(deleteKv) },
  '/v1/txn': { POST: writes(txn) },
  '/v1/watch': { GET: reads(watch) },
  '/v1/leases': { GET: reads(listLeases), POST: writes(grantLease) },
  '/v1/leases/{lease}': { GET: reads(getLease), DELETE: writes(revokeLease) },
  '/v1/leases/{lease}/keep-alive': { POST: writes(keepLeaseAlive) },
  '/v1/locks': { GET: reads(listLocks) },
  '/v1/locks/{name}': { GET: reads(getLock), POST: writes(lock), DELETE: writes(unlock) },
  '/v1/status': { GET: reads(status) },
  '/v1/members': { GET: reads(listMembers) },
  '/v1/members/{id}': { DELETE: operates(changeMember('remove')) },
  '/v1/members/{id}/promote': { POST: operates(changeMember('promote')) },
  '/v1/members/{id}/demote': { POST: operates(changeMember('demote')) },
  '/v1/join-secrets': { POST: operates(createJoinSecret) },
  '/v1/leader/transfer': { POST: operates(transferLeadership) },
  '/v1/snapshot': { GET: operates(downloadSnapshot), PUT: operates(restoreSnapshot) },
  '/v1/snapshot/take': { POST: operates(takeSnapshot) },
  '/livez': { GET: open(livez) },
  '/readyz': { GET: open(readyz) },
  '/metrics': { GET: reads(metrics) },
  '/v1/openapi.json': { GET: open(openapiDocument) },
}

/** Where a part of the path is left open: what the path begins with and, if that is not all, ends with. */
const openPaths: readonly (readonly [begin: string, end: string, path: string])[] = [
  ['/key/', '', '/key/{key}'],
  ['/v1/kv/', '', '/v1/kv/{key}'],
  ['/v1/leases/', '/keep-alive', '/v1/leases/{lease}/keep-alive'],
  ['/v1/leases/', '', '/v1/leases/{lease}'],
  ['/v1/locks/', '', '/v1/locks/{name}'],
  ['/v1/members/', '/promote', '/v1/members/{id}/promote'],
  ['/v1/members/', '/demote', '/v1/members/{id}/demote'],
  ['/v1/members/', '', '/v1/members/{id}'],
]

export type Route = { readonly handler: Handler; readonly path: string; readonly rest: string }

/** Who answers a request, and what the path has left. @throws Refusal 404, 405. */
export function route(method: string, requested: string): Route {
  const [path, rest] = pathOf(requested)
  const methods = Object.hasOwn(routes, path) ? routes[path] : undefined
  if (methods === undefined) throw new Refusal(404, 'NOT_FOUND', `there is nothing at this path; try ${Object.keys(routes).join(', ')}`)
  const name = method === 'HEAD' ? 'GET' : method // node leaves the body out by itself
  const handler = Object.hasOwn(methods, name) ? methods[name] : undefined
  if (handler === undefined) throw notAllowed(methods)
  return { handler, path, rest }
}

function pathOf(requested: string): readonly [path: string, rest: string] {
  for (const [begin, end, path] of openPaths) {
    if (!requested.startsWith(begin) || (end !== '' && !(requested.endsWith(end) && requested.length > begin.length + end.length))) continue
    return [path, requested.slice(begin.length, requested.length - end.length)]
  }
  return [requested, '']
}

function notAllowed(methods: Methods): Refusal {
  const allowed = Object.keys(methods).flatMap(name => (name === 'GET' ? ['GET', 'HEAD'] : [name]))
  return new Refusal(405, 'METHOD_NOT_ALLOWED', `this path takes ${allowed.join(', ')}`, { Allow: allowed.join(', ') })
}
