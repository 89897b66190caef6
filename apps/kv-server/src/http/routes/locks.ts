import type { Lock, LockResponse, UnlockResponse } from 'kv-client'
import type { Binary } from '../../store/binary.ts'
import type { KvStore } from '../../store/kv-store.ts'
import type { LockRecord } from '../../store/locks.ts'
import { readJson } from '../body.ts'
import type { Exchange } from '../exchange.ts'
import { bodyFields, bytesIn, integerIn, invalidBody, nameField, valueField } from '../json-bytes.ts'
import { checkedValue, keyFrom } from '../keys.ts'
import { invalid } from '../query.ts'
import { read } from '../reading.ts'
import { Refusal } from '../refusal.ts'
import { json, jsonType, type Reply, writeAll } from '../respond.ts'
import { write } from '../writing.ts'
import { chunksOf } from './range.ts'

/** `POST /v1/locks/{name}` */
export async function lock(exchange: Exchange): Promise<Reply> {
  const { limits } = exchange.service
  const name = keyFrom(exchange.rest, limits)
  const fields = bodyFields(await readJson(exchange, '{"lease":12,"waitMs":10000}'), ['lease', 'waitMs', 'value', 'valueBase64'])
  const [lease, waitMs] = [integerIn(fields, 'lease'), integerIn(fields, 'waitMs', 0)]
  if (waitMs > limits.waitTimeoutMs)
    throw invalidBody(`waitMs is at most ${limits.waitTimeoutMs}: ask again, the place in the queue is kept`)
  const value = checkedValue(bytesIn(fields, 'value', 'the body') ?? '', name, limits)
  // Before it has a place in the queue: a refusal says that nothing was done.
  if (waitMs > 0 && isOfAnother(exchange.service.store, name, lease)) exchange.service.load.checkWait()
  return write(exchange, { type: 'lock', name, lease, value }, 'lock', ({ revision, token, ahead }) => {
    if (token > 0) return held(token, revision)
    return waited(exchange, { name, lease, waitMs, revision, ahead })
  })
}

/** As this node knows it. */
function isOfAnother({ locks }: KvStore, name: Binary, lease: number): boolean {
  const holder = locks.get(name)?.holder
  return holder !== undefined && holder.lease !== lease
}

type Place = { readonly name: Binary; readonly lease: number; readonly waitMs: number; readonly revision: number; readonly ahead: number }

async function waited(exchange: Exchange, { name, lease, waitMs, revision, ahead }: Place): Promise<Reply> {
  const { store, load } = exchange.service
  const look = () => {
    if (store.revision < revision) return undefined // this node has not applied that yet, and may show what was before
    if (store.leases.get(lease) === undefined) throw new Refusal(404, 'LEASE_NOT_FOUND', 'the lease ran out while it waited for the lock')
    const holder = store.locks.get(name)?.holder
    return holder?.lease === lease ? holder.token : undefined
  }
  // It has its place, also where too many wait by now: then it hears at once that it is queued.
  const token = await until(exchange, look, load.hasRoomToWait ? waitMs : 0)
  if (token !== undefined) return held(token, store.revision)
  const place = store.locks.get(name)?.waiting.findIndex(waiter => waiter.lease === lease) ?? -1
  const before = store.revision >= revision && place >= 0 ? place + 1 : ahead
  return json(202, { state: 'waiting', ahead: before, revision } satisfies LockResponse)
}

/** What `look` finds, now or within the time. @throws Refusal 429 if too many wait. */
async function until<T>({ service, signal, closing }: Exchange, look: () => T | undefined, waitMs: number): Promise<T | undefined> {
  if (waitMs === 0) return look()
  service.load.wait()
  try {
    return await service.turns.until(look, waitMs, [signal, closing])
  } finally {
    service.load.waited()
  }
}

function held(token: number, revision: number): Reply {
  return json(200, { state: 'held', token, revision } satisfies LockResponse)
}

/** `DELETE /v1/locks/{name}?lease=` */
export async function unlock(exchange: Exchange): Promise<Reply> {
  const name = keyFrom(exchange.rest, exchange.service.limits)
  const lease = exchange.query.integer('lease')
  if (lease === undefined) throw invalid('lease is missing: whose lock is it?')
  return write(exchange, { type: 'unlock', name, lease }, 'done', ({ revision, count }) => {
    return json(200, { revision, released: count > 0 } satisfies UnlockResponse)
  })
}

/** `GET /v1/locks/{name}`: with `not` and `waitMs` once the holder is another one. */
export async function getLock(exchange: Exchange): Promise<Reply> {
  const { service, query } = exchange
  const name = keyFrom(exchange.rest, service.limits)
  const [not, waitMs] = [query.integer('not'), query.integer('waitMs', service.limits.waitTimeoutMs) ?? 0]
  return read(exchange, async () => {
    const { store } = service
    if (not !== undefined) {
      await until(exchange, () => ((store.locks.get(name)?.holder.token ?? 0) === not ? undefined : true), waitMs)
    }
    return json(200, { ...shown(name, store.locks.get(name)), revision: store.revision })
  })
}

/** `GET /v1/locks` */
export async function listLocks(exchange: Exchange): Promise<Reply> {
  return read(exchange, () => {
    const { store } = exchange.service
    return { status: 200, contentType: jsonType, body: response => writeAll(response, chunksOf(locksText(store))) }
  })
}

function* locksText({ locks, revision }: KvStore): Generator<string> {
  yield `{"revision":${revision},"locks":[`
  let comma = ''
  for (const record of locks.records.values()) {
    yield comma + JSON.stringify(shown(record.key, record))
    comma = ','
  }
  yield ']}\n'
}

function shown(name: Binary, record: LockRecord | undefined): Omit<Lock, 'revision'> {
  if (record === undefined) return { ...nameField(name), holder: null, waiting: 0 } as Omit<Lock, 'revision'>
  const { lease, token, value } = record.holder
  const holder = { lease, token, ...valueField(value) }
  return { ...nameField(name), holder, waiting: record.waiting.length } as Omit<Lock, 'revision'>
}
