import type { Lease, LeaseResponse, LeasesResponse, RemoveResponse } from 'kv-client'
import type { Command } from '../../store/command.ts'
import type { KvStore } from '../../store/kv-store.ts'
import { type LeaseRecord, remainingMs } from '../../store/leases.ts'
import { readJson } from '../body.ts'
import type { Exchange } from '../exchange.ts'
import { bodyFields, integerIn, invalidBody } from '../json-bytes.ts'
import { read } from '../reading.ts'
import { Refusal } from '../refusal.ts'
import { json, jsonType, type Reply, writeAll } from '../respond.ts'
import { write } from '../writing.ts'
import { chunksOf } from './range.ts'

/** Shorter could not be kept alive through an election. */
const ttlMsMin = 500
const ttlMsMax = 366 * 24 * 60 * 60 * 1000

/** `POST /v1/leases` */
export async function grantLease(exchange: Exchange): Promise<Reply> {
  const ttlMs = integerIn(bodyFields(await readJson(exchange, '{"ttlMs":10000}'), ['ttlMs']), 'ttlMs')
  if (ttlMs < ttlMsMin || ttlMs > ttlMsMax) throw invalidBody(`ttlMs is from ${ttlMsMin} to ${ttlMsMax}`)
  return leaseWrite(exchange, { type: 'grant', ttlMs })
}

/** `POST /v1/leases/{lease}/keep-alive` */
export async function keepLeaseAlive(exchange: Exchange): Promise<Reply> {
  return leaseWrite(exchange, { type: 'keepAlive', lease: leaseOf(exchange) })
}

/** `DELETE /v1/leases/{lease}` */
export async function revokeLease(exchange: Exchange): Promise<Reply> {
  return write(exchange, { type: 'revoke', lease: leaseOf(exchange) }, 'done', ({ revision, count }) => {
    return json(200, { revision, deleted: count } satisfies RemoveResponse)
  })
}

/** `GET /v1/leases/{lease}` */
export async function getLease(exchange: Exchange): Promise<Reply> {
  const id = leaseOf(exchange)
  return read(exchange, () => {
    const { store } = exchange.service
    const record = store.leases.get(id)
    if (record === undefined) throw new Refusal(404, 'LEASE_NOT_FOUND', `there is no lease ${id}: it ran out, was revoked or never granted`)
    return json(200, shown(record, store))
  })
}

/** `GET /v1/leases` */
export async function listLeases(exchange: Exchange): Promise<Reply> {
  return read(exchange, () => {
    const { store } = exchange.service
    return { status: 200, contentType: jsonType, body: response => writeAll(response, chunksOf(leasesText(store))) }
  })
}

function* leasesText(store: KvStore): Generator<string> {
  yield `{"revision":${store.revision},"leases":[`
  let comma = ''
  for (const record of store.leases.records.values()) {
    yield comma + JSON.stringify(shown(record, store) satisfies LeasesResponse['leases'][number])
    comma = ','
  }
  yield ']}\n'
}

function leaseWrite(exchange: Exchange, command: Command): Reply | Promise<Reply> {
  return write(exchange, command, 'lease', ({ revision, lease, ttlMs }) => {
    return json(200, { revision, lease, ttlMs } satisfies LeaseResponse)
  })
}

function shown(record: LeaseRecord, store: KvStore): Lease {
  return { lease: record.id, ttlMs: record.ttlMs, remainingMs: remainingMs(record, store.time), keys: store.keysOf(record.id) }
}

function leaseOf({ rest }: Exchange): number {
  if (!/^\d{1,15}$/.test(rest)) throw new Refusal(404, 'LEASE_NOT_FOUND', 'a lease is a number, as it was granted')
  return Number(rest)
}
