import {
  answer,
  bytesBody,
  failures,
  type Json,
  jsonBody,
  pathParameter,
  queryParameter,
  ref,
  string,
  textAnswer,
  timeout,
} from './parts.ts'

const id = pathParameter('id', 'of a member')
const verbose = queryParameter('verbose', 'one line for every check')
const membershipChange = (operationId: string, summary: string): Json => ({
  operationId,
  summary,
  'x-role': 'admin',
  parameters: [id, timeout],
  responses: { 200: answer('in force', ref('Index')), ...failures(409, 504) },
})
const health = (operationId: string, summary: string): Json => ({
  operationId,
  summary,
  security: [],
  parameters: [verbose],
  responses: { 200: textAnswer('ok'), 503: textAnswer('what is wrong, one line each') },
})

/** Members, leadership, snapshots, health. */
export const operatingPaths: Readonly<Record<string, Json>> = {
  '/v1/status': {
    get: {
      operationId: 'status',
      summary: "One node's view of itself and of the others; never waits",
      'x-role': 'read',
      responses: { 200: answer('as it is', ref('Status')), ...failures() },
    },
  },
  '/v1/members': {
    get: {
      operationId: 'members',
      summary: 'Who belongs to the cluster',
      'x-role': 'read',
      responses: { 200: answer('as this node knows it', ref('Members')), ...failures() },
    },
  },
  '/v1/members/{id}': { delete: membershipChange('removeMember', 'Removes a member') },
  '/v1/members/{id}/promote': { post: membershipChange('promoteMember', 'Lets a learner vote') },
  '/v1/members/{id}/demote': { post: membershipChange('demoteMember', 'Makes a voter a learner') },
  '/v1/join-secrets': {
    post: {
      operationId: 'createJoinSecret',
      summary: 'A secret that lets one node join, once, within the time',
      'x-role': 'admin',
      parameters: [timeout],
      requestBody: jsonBody(ref('JoinSecretRequest')),
      responses: { 200: answer('told only here', ref('JoinSecret')), ...failures(504) },
    },
  },
  '/join': {
    post: {
      operationId: 'join',
      summary: 'A node asks to be let in; nodes do this for themselves',
      description:
        'Without `incarnation` the node is yet to be started, and the first folder that comes under its name takes the place. ' +
        'Needs a token with the role admin; for a node that asks for itself a join secret will do.',
      'x-role': 'admin',
      parameters: [timeout],
      requestBody: jsonBody(ref('JoinRequest')),
      responses: { 200: answer('let in', ref('Joined')), ...failures(409, 504) },
    },
  },
  '/v1/leader/transfer': {
    post: {
      operationId: 'transferLeadership',
      summary: 'Another voter leads; without a target the one with most of the log',
      'x-role': 'admin',
      parameters: [timeout],
      requestBody: jsonBody(ref('TransferRequest')),
      responses: { 200: answer('who leads now', ref('Transferred')), ...failures(409, 504) },
    },
  },
  '/v1/snapshot': {
    get: {
      operationId: 'downloadSnapshot',
      summary: 'All keys as of one revision, to keep',
      'x-role': 'admin',
      responses: {
        200: { description: 'streamed', content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } },
        ...failures(),
      },
    },
    put: {
      operationId: 'restoreSnapshot',
      summary: 'Replaces all keys by those of a snapshot; all watches end. Keys that lived on a lease are left out',
      'x-role': 'admin',
      parameters: [timeout],
      requestBody: bytesBody('what a download gave'),
      responses: { 200: answer('replaced', ref('Restored')), ...failures(409, 413, 504) },
    },
  },
  '/v1/snapshot/take': {
    post: {
      operationId: 'takeSnapshot',
      summary: "Writes this node's snapshot now and shortens its log",
      'x-role': 'admin',
      parameters: [timeout],
      responses: { 200: answer('on disk', ref('Index')), ...failures(504) },
    },
  },
  '/livez': { get: health('livez', 'Whether a restart would help') },
  '/readyz': { get: health('readyz', 'Whether to send clients here, and if not, why') },
  '/metrics': {
    get: {
      operationId: 'metrics',
      summary: 'For Prometheus',
      'x-role': 'read',
      responses: { 200: textAnswer('text format 0.0.4'), ...failures() },
    },
  },
  '/v1/openapi.json': {
    get: {
      operationId: 'openapi',
      summary: 'This document',
      security: [],
      responses: { 200: answer('OpenAPI 3.1', { type: 'object' }) },
    },
  },
}

export const headers: Json = {
  'X-Raft-Leader': { description: 'where the peers reach the leader, when it is known', schema: string },
  'X-Raft-Term': { description: 'the term of the node that answers', schema: string },
  'X-Raft-Index': { description: 'up to where the answer knows the log', schema: string },
  'X-Raft-Age-Ms': {
    description: 'of stale reads: how many milliseconds ago, at most, the node had all that was committed anywhere',
    schema: string,
  },
  'X-Raft-Lag': { description: 'of stale reads: entries that are committed and not yet applied here', schema: string },
  ETag: { description: 'the revision that last wrote the key, in quotes', schema: string },
  'Idempotent-Replayed': { description: 'true: the answer of an earlier request with the same key', schema: string },
}
