import type { DeleteResponse } from 'kv-client'
import { binaryOf, textOf } from '../../store/binary.ts'
import { after } from '../after.ts'
import type { Exchange } from '../exchange.ts'
import { keyOf, readPairs } from '../pairs.ts'
import { read } from '../reading.ts'
import { Refusal } from '../refusal.ts'
import { json, jsonType, type Reply, setReply } from '../respond.ts'
import { write } from '../writing.ts'

/** `POST /key` */
export function setKeys(exchange: Exchange): Reply | Promise<Reply> {
  return after(readPairs(exchange), pairs => {
    return write(exchange, { type: 'set', pairs }, 'set', ({ revision }) => setReply({ index: revision }))
  })
}

/** `GET /key/{key}` */
export function getKey(exchange: Exchange): Reply | Promise<Reply> {
  const key = keyOf(exchange.rest, exchange.service.limits)
  return read(exchange, () => {
    const stored = exchange.service.store.get(binaryOf(key))
    if (stored === undefined) throw new Refusal(404, 'KEY_NOT_FOUND', `there is no key ${JSON.stringify(key)}`)
    const value = textOf(stored.value)
    if (value === undefined) throw new Refusal(409, 'NOT_TEXT', `the value of ${JSON.stringify(key)} is not text: read it at /v1/kv`)
    // A computed key makes `__proto__` an ordinary property. No newline: the workshop's answer is compared as it is.
    return { status: 200, contentType: jsonType, body: JSON.stringify({ [key]: value }) }
  })
}

/** `DELETE /key/{key}`: also of a key that is not there, so that a client may repeat it. */
export function deleteKey(exchange: Exchange): Reply | Promise<Reply> {
  const key = keyOf(exchange.rest, exchange.service.limits)
  return write(exchange, { type: 'delete', key: binaryOf(key) }, 'delete', ({ revision, deleted }) => {
    return json(200, { index: revision, deleted } satisfies DeleteResponse)
  })
}
