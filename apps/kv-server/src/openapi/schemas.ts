import { boolean, integer, type Json, list, nullable, object, ref, string } from './parts.ts'

const keyFields = { 'key?': string, 'keyBase64?': string }
const valueFields = { 'value?': string, 'valueBase64?': string }
const itemFields = { ...keyFields, created: integer, modified: integer, version: integer, 'lease?': integer }
const memberFields = { id: string, address: string, clientAddress: string, incarnation: string }
const lockFields = { 'name?': string, 'nameBase64?': string, holder: nullable(ref('LockHolder')), waiting: integer }

/** Keys and values are text where they are UTF-8, else base64 in a field of another name. */
export const schemas: Readonly<Record<string, Json>> = {
  Error: object({
    error: object({ code: string, message: string, 'outcome?': { enum: ['not-applied', 'unknown'] } }),
  }),
  Item: object({ ...itemFields, ...valueFields }),
  Put: object({ revision: integer, 'lease?': integer }),
  Removed: object({ revision: integer, deleted: integer }),
  List: object({ revision: integer, items: list(ref('Item')), next: nullable(string) }),
  Compare: object({
    ...keyFields,
    ...valueFields,
    target: { enum: ['value', 'created', 'modified', 'version', 'lease', 'lock'] },
    'op?': { enum: ['=', '!=', '<', '>'] },
    'operand?': integer,
  }),
  Operation: object({
    ...keyFields,
    ...valueFields,
    op: { enum: ['put', 'delete', 'get', 'deletePrefix'] },
    'lease?': integer,
    'prefix?': string,
    'prefixBase64?': string,
  }),
  Txn: object({ 'compare?': list(ref('Compare')), 'success?': list(ref('Operation')), 'failure?': list(ref('Operation')) }),
  TxnResult: object({
    revision: integer,
    succeeded: boolean,
    results: list(object({ op: { enum: ['put', 'delete', 'get', 'deletePrefix'] }, 'deleted?': integer, 'item?': nullable(ref('Item')) })),
  }),
  LeaseRequest: object({ ttlMs: integer }),
  LeaseGranted: object({ revision: integer, lease: integer, ttlMs: integer }),
  Lease: object({ lease: integer, ttlMs: integer, remainingMs: integer, keys: integer }),
  Leases: object({ revision: integer, leases: list(ref('Lease')) }),
  LockRequest: object({ lease: integer, ...valueFields, 'waitMs?': integer }),
  Locking: object({ state: { enum: ['held', 'waiting'] }, 'token?': integer, 'ahead?': integer, revision: integer }),
  Unlocked: object({ revision: integer, released: boolean }),
  LockHolder: object({ lease: integer, token: integer, ...valueFields }),
  Lock: object({ ...lockFields, revision: integer }),
  Locks: object({ revision: integer, locks: list(object(lockFields)) }),
  Member: object(memberFields),
  MemberStatus: object({
    ...memberFields,
    voter: boolean,
    learner: boolean,
    reachable: boolean,
    'match?': integer,
    'state?': { enum: ['probe', 'replicate', 'snapshot'] },
    'lastContactMs?': { type: 'number' },
  }),
  Members: object({ leader: nullable(ref('Member')), membershipIndex: integer, members: list(ref('MemberStatus')) }),
  Index: object({ index: integer }),
  JoinRequest: object({ id: string, addr: string, 'http?': string, 'incarnation?': string, 'replace?': boolean }),
  Joined: object({ clusterId: string, id: string, members: list(ref('Member')) }),
  JoinSecretRequest: object({ 'ttlMs?': integer }),
  JoinSecret: object({ secret: string, ttlMs: integer, revision: integer }),
  TransferRequest: object({ 'target?': string }),
  Transferred: object({ leader: string }),
  Restored: object({ revision: integer, keys: integer }),
  Pairs: { type: 'object', minProperties: 1, additionalProperties: string },
  Deleted: object({ index: integer, deleted: boolean }),
  Status: object({
    id: string,
    clusterId: string,
    role: { enum: ['follower', 'preCandidate', 'candidate', 'leader'] },
    leader: nullable(ref('Member')),
    term: integer,
    commit: integer,
    applied: integer,
    'ageMs?': { type: 'number' },
    members: list(ref('MemberStatus')),
    quorum: object({ voters: integer, needed: integer, reachable: integer, failureTolerance: integer }),
    keys: integer,
    fault: nullable(object({ code: string, message: string })),
    closing: boolean,
    server: object({ version: string, nodeVersion: string, uptimeMs: integer, now: integer }),
    disk: nullable(
      object({ dataBytes: integer, freeBytes: integer, sizeBytes: integer, syncMs: { type: 'number' }, syncMsMax: { type: 'number' } }),
    ),
  }),
}
