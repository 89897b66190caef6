import {
  answer,
  bytesBody,
  failures,
  headerParameter,
  idempotencyKey,
  integer,
  type Json,
  jsonBody,
  keyInPath,
  nonLeader,
  queryParameter,
  reading,
  ref,
  textAnswer,
  timeout,
  writing,
} from './parts.ts'

const ifMatch = headerParameter(
  'If-Match',
  'do it only if the ETag (a revision in quotes) is this, or with `*` if the key is there; a key that is not there has revision `"0"`',
)
const ifNoneMatch = headerParameter('If-None-Match', 'do it only if the ETag is not this, or with `*` if the key is not there')
const prefix = queryParameter('prefix', 'keys that begin with these bytes, percent-encoded')
const ttl = queryParameter('ttl', 'the key goes after so many milliseconds of log time, unless it is written again', integer)

/** Keys, their ranges and changes. */
export const keyPaths: Readonly<Record<string, Json>> = {
  '/v1/kv/{key}': {
    get: {
      operationId: 'get',
      summary: 'Reads a key',
      description: 'The bytes of the value; with `Accept: application/json` an Item.',
      'x-role': 'read',
      parameters: [keyInPath, ifNoneMatch, ...reading],
      responses: {
        200: {
          description: 'the value, with its ETag',
          content: {
            'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
            'application/json': { schema: ref('Item') },
          },
        },
        ...failures(304, 307, 404),
      },
    },
    put: {
      operationId: 'put',
      summary: 'Writes a key',
      'x-role': 'write',
      parameters: [keyInPath, ifMatch, ifNoneMatch, ttl, queryParameter('lease', 'the key goes with this lease', integer), ...writing],
      requestBody: bytesBody('the value, as it is, whatever its content type'),
      responses: { 200: answer('written', ref('Put')), ...failures(307, 404, 412, 413, 422, 504) },
    },
    delete: {
      operationId: 'delete',
      summary: 'Removes a key; one that is not there is no error',
      'x-role': 'write',
      parameters: [keyInPath, ifMatch, ...writing],
      responses: { 200: answer('removed', ref('Removed')), ...failures(307, 412, 422, 504) },
    },
  },
  '/v1/kv': {
    get: {
      operationId: 'list',
      summary: 'Keys in ascending order of their bytes, all as of one revision',
      'x-role': 'read',
      parameters: [
        prefix,
        queryParameter('from', 'begin with this key'),
        queryParameter('to', 'end before this key'),
        queryParameter('cursor', '`next` of the page before'),
        queryParameter('limit', 'default 1,000', integer),
        queryParameter('keys', 'true: without values', { enum: ['true', 'false'] }),
        ...reading,
      ],
      responses: { 200: answer('streamed', ref('List')), ...failures(307) },
    },
    delete: {
      operationId: 'deletePrefix',
      summary: 'Removes all keys that begin with the prefix',
      'x-role': 'write',
      parameters: [{ ...prefix, required: true }, ...writing],
      responses: { 200: answer('removed', ref('Removed')), ...failures(307, 422, 504) },
    },
  },
  '/v1/txn': {
    post: {
      operationId: 'txn',
      summary: 'If all conditions hold, all of `success`, otherwise all of `failure`; nothing comes in between',
      'x-role': 'write',
      parameters: writing,
      requestBody: jsonBody(ref('Txn')),
      responses: { 200: answer('done', ref('TxnResult')), ...failures(307, 404, 413, 422, 504) },
    },
  },
  '/v1/watch': {
    get: {
      operationId: 'watch',
      summary: 'Server-sent events: `changes`, one for each write, and `progress`; their ids are revisions',
      'x-role': 'read',
      parameters: [
        queryParameter('key', 'only this key, percent-encoded'),
        prefix,
        queryParameter('since', 'what came after this revision; default: what comes from now on', integer),
        headerParameter('Last-Event-ID', 'the same, as browsers send it when they connect again', integer),
      ],
      responses: { 200: textAnswer('goes on until either side ends it', 'text/event-stream'), ...failures(400, 410) },
    },
  },
  '/key': {
    post: {
      operationId: 'setKeys',
      summary: 'Sets one or more keys, all or none',
      'x-role': 'write',
      parameters: writing,
      requestBody: jsonBody(ref('Pairs')),
      responses: { 200: answer('set', ref('Index')), ...failures(307, 413, 422, 500, 504) },
    },
  },
  '/key/{key}': {
    get: {
      operationId: 'getKey',
      summary: 'A key and its value as an object',
      'x-role': 'read',
      parameters: [keyInPath, ...reading],
      responses: { 200: answer('found', ref('Pairs')), ...failures(307, 404, 500) },
    },
    delete: {
      operationId: 'deleteKey',
      summary: 'Removes a key; one that is not there is no error',
      'x-role': 'write',
      parameters: [keyInPath, nonLeader, idempotencyKey, timeout],
      responses: { 200: answer('removed', ref('Deleted')), ...failures(307, 422, 500, 504) },
    },
  },
}
