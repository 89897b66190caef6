import type { RemoveResponse } from 'kv-client'
import { afterPrefix, type Binary, binaryFrom, bytesOf } from '../../store/binary.ts'
import type { Stored } from '../../store/stored.ts'
import type { Exchange } from '../exchange.ts'
import { itemJson, metaJson } from '../json-bytes.ts'
import { invalid } from '../query.ts'
import { read } from '../reading.ts'
import { json, jsonType, type Reply, writeAll } from '../respond.ts'
import { write } from '../writing.ts'

const defaultLimit = 1_000
const chunkChars = 64 * 1024

type Range = {
  readonly from: Binary
  /** Undefined: to the end. */
  readonly to: Binary | undefined
  readonly limit: number
  readonly withValues: boolean
}

/** `GET /v1/kv`: written while it is read from a frozen view, so a long list never sits in memory. */
export async function listKv(exchange: Exchange): Promise<Reply> {
  const range = rangeOf(exchange)
  return read(exchange, () => {
    const { store } = exchange.service
    const { revision, items } = store
    return {
      status: 200,
      contentType: jsonType,
      body: response => writeAll(response, chunksOf(listText(items.values(range.from), range, revision))),
    }
  })
}

/** `DELETE /v1/kv?prefix=` */
export async function deleteRange(exchange: Exchange): Promise<Reply> {
  const prefix = exchange.query.bytes('prefix')
  if (prefix === undefined) throw invalid('prefix is missing: what do the keys begin with? An empty one means all keys: prefix=')
  const operation = { op: 'deletePrefix' as const, prefix }
  return write(exchange, { type: 'txn', compare: [], onSuccess: [operation], onFailure: [] }, 'txn', ({ revision, results: [result] }) => {
    const deleted = result?.op === 'deletePrefix' ? result.deleted : 0
    return json(200, { revision, deleted } satisfies RemoveResponse)
  })
}

function rangeOf({ query, service }: Exchange): Range {
  const prefix = query.bytes('prefix') ?? ''
  const cursor = query.get('cursor')
  const from = [prefix, query.bytes('from') ?? '', cursor === undefined ? '' : afterCursor(cursor)].sort().at(-1) as Binary
  const ends = [query.bytes('to'), prefix === '' ? undefined : afterPrefix(prefix)].filter(end => end !== undefined)
  const limit = query.integer('limit', service.limits.listItemsMax, 1) ?? Math.min(defaultLimit, service.limits.listItemsMax)
  return { from, to: ends.sort()[0], limit, withValues: query.choice('keys', ['true', 'false'], 'false') === 'false' }
}

/** The first key after the last of the page before. */
function afterCursor(cursor: string): Binary {
  if (!/^[A-Za-z0-9_-]*$/.test(cursor)) throw invalid('cursor is not one that a list has given')
  return `${binaryFrom(Buffer.from(cursor, 'base64url'))}\0`
}

function* listText(items: Iterable<Stored>, { to, limit, withValues }: Range, revision: number): Generator<string> {
  yield `{"revision":${revision},"items":[`
  let count = 0
  let last: Binary = ''
  let next: string | null = null
  for (const item of items) {
    if (to !== undefined && item.key >= to) break
    if (count === limit) {
      next = bytesOf(last).toString('base64url')
      break
    }
    yield (count === 0 ? '' : ',') + JSON.stringify(withValues ? itemJson(item) : metaJson(item))
    count++
    last = item.key
  }
  yield `],"next":${JSON.stringify(next)}}\n`
}

/** Pieces that are worth a write. */
export function* chunksOf(pieces: Iterable<string>): Generator<string> {
  let chunk = ''
  for (const piece of pieces) {
    chunk += piece
    if (chunk.length < chunkChars) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}
