import { answer, failures, integer, type Json, jsonBody, pathParameter, queryParameter, reading, ref, writing } from './parts.ts'

const lease = pathParameter('lease', 'as it was granted', integer)
const name = pathParameter('name', 'bytes, percent-encoded; a `/` may stand as it is')

/** Leases, and the locks on top of them. */
export const leasePaths: Readonly<Record<string, Json>> = {
  '/v1/leases': {
    get: {
      operationId: 'listLeases',
      summary: 'All leases',
      'x-role': 'read',
      parameters: reading,
      responses: { 200: answer('as of one revision', ref('Leases')), ...failures(307) },
    },
    post: {
      operationId: 'grantLease',
      summary: 'Grants a lease: lives until it was not kept alive for its time, and never less',
      'x-role': 'write',
      parameters: writing,
      requestBody: jsonBody(ref('LeaseRequest')),
      responses: { 200: answer('granted', ref('LeaseGranted')), ...failures(307, 422, 504) },
    },
  },
  '/v1/leases/{lease}': {
    get: {
      operationId: 'getLease',
      summary: 'One lease',
      'x-role': 'read',
      parameters: [lease, ...reading],
      responses: { 200: answer('it lives', ref('Lease')), ...failures(307, 404) },
    },
    delete: {
      operationId: 'revokeLease',
      summary: 'Ends a lease, with its keys, locks and places in queues',
      'x-role': 'write',
      parameters: [lease, ...writing],
      responses: { 200: answer('ended', ref('Removed')), ...failures(307, 404, 422, 504) },
    },
  },
  '/v1/leases/{lease}/keep-alive': {
    post: {
      operationId: 'keepLeaseAlive',
      summary: 'The time of the lease begins anew',
      'x-role': 'write',
      parameters: [lease, ...writing],
      responses: { 200: answer('it lives', ref('LeaseGranted')), ...failures(307, 404, 422, 504) },
    },
  },
  '/v1/locks': {
    get: {
      operationId: 'listLocks',
      summary: 'All locks that are held',
      'x-role': 'read',
      parameters: reading,
      responses: { 200: answer('as of one revision', ref('Locks')), ...failures(307) },
    },
  },
  '/v1/locks/{name}': {
    get: {
      operationId: 'getLock',
      summary: 'Who holds a lock, or leads',
      'x-role': 'read',
      parameters: [
        name,
        queryParameter('not', 'wait until the token of the holder is another one than this; 0: until somebody holds it', integer),
        queryParameter('waitMs', 'how long to wait for that', integer),
        ...reading,
      ],
      responses: { 200: answer('as it is', ref('Lock')), ...failures(307) },
    },
    post: {
      operationId: 'lock',
      summary: 'Takes a lock for a lease, or a place in its queue; the same lease may ask again',
      'x-role': 'write',
      parameters: [name, ...writing],
      requestBody: jsonBody(ref('LockRequest')),
      responses: {
        200: answer('held, with a fencing token', ref('Locking')),
        202: answer('waiting', ref('Locking')),
        ...failures(307, 404, 422, 504),
      },
    },
    delete: {
      operationId: 'unlock',
      summary: 'Gives a lock back, or the place in its queue',
      'x-role': 'write',
      parameters: [name, { ...queryParameter('lease', 'whose', integer), required: true }, ...writing],
      responses: { 200: answer('given back', ref('Unlocked')), ...failures(307, 422, 504) },
    },
  },
}
