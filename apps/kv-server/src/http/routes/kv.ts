import type { PutResponse, RemoveResponse } from 'kv-client'
import { type Binary, binaryFrom, bytesOf } from '../../store/binary.ts'
import type { CommandResult, Compare, Operation } from '../../store/command.ts'
import type { Stored } from '../../store/stored.ts'
import { after } from '../after.ts'
import { readBytes } from '../body.ts'
import { conditionsOf, etagOf, isUnchanged } from '../conditions.ts'
import type { Exchange } from '../exchange.ts'
import { itemJson } from '../json-bytes.ts'
import { checkedValue, keyFrom, shownKey } from '../keys.ts'
import { invalid } from '../query.ts'
import { read } from '../reading.ts'
import { Refusal } from '../refusal.ts'
import { json, type Reply } from '../respond.ts'
import { write } from '../writing.ts'

/** `GET /v1/kv/{key}` */
export function getKv(exchange: Exchange): Reply | Promise<Reply> {
  const key = keyFrom(exchange.rest, exchange.service.limits)
  return read(exchange, () => {
    const item = exchange.service.store.get(key)
    if (item === undefined) throw new Refusal(404, 'KEY_NOT_FOUND', `there is no key ${shownKey(key)}`)
    return itemReply(exchange, item)
  })
}

function itemReply({ request }: Exchange, item: Stored): Reply {
  const headers = { ETag: etagOf(item.modified), 'X-Content-Type-Options': 'nosniff', Vary: 'Accept' }
  if (isUnchanged(request, item.modified)) return { status: 304, contentType: 'application/octet-stream', body: '', headers }
  if (request.headers.accept?.includes('application/json')) return json(200, itemJson(item), { headers })
  return { status: 200, contentType: 'application/octet-stream', body: bytesOf(item.value), headers }
}

/** `PUT /v1/kv/{key}`: the body is the value, whatever its content type. */
export function putKv(exchange: Exchange): Reply | Promise<Reply> {
  const { limits } = exchange.service
  const key = keyFrom(exchange.rest, limits)
  const compare = conditionsOf(exchange.request, key)
  const [ttlMs, lease] = [exchange.query.integer('ttl', undefined, 1), exchange.query.integer('lease', undefined, 1)]
  if (ttlMs !== undefined && lease !== undefined) throw invalid('give a key a ttl or a lease, not both')
  return after(readBytes(exchange, 'a value is smaller'), bytes => {
    return put(exchange, { key, value: checkedValue(binaryFrom(bytes), key, limits), compare, ttlMs: ttlMs ?? 0, lease: lease ?? 0 })
  })
}

type Put = { readonly key: Binary; readonly value: Binary; readonly compare: Compare[]; readonly ttlMs: number; readonly lease: number }

function put(exchange: Exchange, { key, value, compare, ttlMs, lease }: Put): Reply | Promise<Reply> {
  const answer = (revision: number, made: number) => {
    const body: PutResponse = made === 0 ? { revision } : { revision, lease: made }
    return json(200, body, { headers: { ETag: etagOf(revision) } })
  }
  if (compare.length === 0 && ttlMs === 0 && lease === 0) {
    return write(exchange, { type: 'set', pairs: [[key, value]] }, 'set', ({ revision }) => answer(revision, 0))
  }
  return conditional(exchange, { key, compare, operation: { op: 'put', key, value, lease, ttlMs } }, result =>
    answer(result.revision, result.lease),
  )
}

/** `DELETE /v1/kv/{key}`: also of a key that is not there, so that a client may repeat it. */
export function deleteKv(exchange: Exchange): Reply | Promise<Reply> {
  const key = keyFrom(exchange.rest, exchange.service.limits)
  const compare = conditionsOf(exchange.request, key)
  const answer = (revision: number, deleted: number) => json(200, { revision, deleted } satisfies RemoveResponse)
  if (compare.length === 0) {
    return write(exchange, { type: 'delete', key }, 'delete', ({ revision, deleted }) => answer(revision, deleted ? 1 : 0))
  }
  return conditional(exchange, { key, compare, operation: { op: 'delete', key } }, ({ revision, results: [result] }) => {
    return answer(revision, result?.op === 'delete' ? result.deleted : 0)
  })
}

type TxnResult = Extract<CommandResult, { type: 'txn' }>
type Conditional = { readonly key: Binary; readonly compare: readonly Compare[]; readonly operation: Operation }

/** One operation, if the conditions hold; otherwise 412, with the ETag that there is. */
function conditional(
  exchange: Exchange,
  { key, compare, operation }: Conditional,
  show: (result: TxnResult) => Reply,
): Reply | Promise<Reply> {
  const lookAgain: Operation = { op: 'get', key, meta: true }
  return write(exchange, { type: 'txn', compare, onSuccess: [operation], onFailure: [lookAgain] }, 'txn', result => {
    if (result.succeeded) return show(result)
    const [found] = result.results
    const item = found?.op === 'get' ? found.item : undefined
    const what = item === undefined ? `there is no key ${shownKey(key)}` : `the ETag of ${shownKey(key)} is ${etagOf(item.modified)}`
    const message = `the condition does not hold, so nothing was changed: ${what}`
    throw new Refusal(412, 'PRECONDITION_FAILED', message, item === undefined ? {} : { ETag: etagOf(item.modified) })
  })
}
