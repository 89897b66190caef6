import { binaryOf, textOf } from '../store/binary.ts'
import type { Pair } from '../store/command.ts'
import { after } from './after.ts'
import { jsonIn, readBytes, requireUtf8 } from './body.ts'
import type { Exchange } from './exchange.ts'
import { loneSurrogate } from './json-bytes.ts'
import { checkedKey, checkedValue, invalidKey, keyFrom, shownKey } from './keys.ts'
import type { Limits } from './limits.ts'
import { Refusal } from './refusal.ts'

/** The pairs of a body `{"foo":"bar", …}`; a promise of them where it has not arrived yet. @throws Refusal 400, 413. */
export function readPairs(exchange: Exchange): Pair[] | Promise<Pair[]> {
  const { limits } = exchange.service
  return after(readBytes(exchange, 'send fewer keys at a time'), bytes => plainPairIn(bytes, limits) ?? pairsOf(jsonIn(bytes), limits))
}

const blanks = /[ \t\n\r]*/.source
/** Between its quotes: no quote, no backslash and no control character. */
const plainText = /"([ !#-[\]-\xff]*)"/.source
const plainPair = new RegExp(`^${['', '\\{', plainText, ':', plainText, '\\}', ''].join(blanks)}$`)

/**
 * Most bodies are one pair, whose bytes stand there as they are meant. JSON.parse would make an object with a property of another name
 * for each of them, and V8 a shape for each, which slows down all that comes after.
 */
function plainPairIn(bytes: Buffer, limits: Limits): Pair[] | undefined {
  const [, key, value] = plainPair.exec(bytes.toString('latin1')) ?? []
  if (key === undefined || value === undefined) return undefined
  requireUtf8(bytes)
  return [[checkedKey(key, limits), checkedValue(value, key, limits)]]
}

function pairsOf(body: unknown, limits: Limits): Pair[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw notPairs('the body is not an object')
  // Object.entries and nothing else: JSON.parse makes `__proto__` an ordinary key, assigning it elsewhere would not.
  const pairs = Object.entries(body)
  if (pairs.length === 0) throw notPairs('the object is empty')
  return pairs.map(([key, value]) => pairOf(key, value, limits))
}

function pairOf(text: string, value: unknown, limits: Limits): Pair {
  if (loneSurrogate.test(text)) throw invalidKey('the key holds half a surrogate pair')
  const key = checkedKey(binaryOf(text), limits)
  if (typeof value !== 'string') throw notPairs(`the value of ${shownKey(key)} is not a string`)
  if (loneSurrogate.test(value)) throw notPairs(`the value of ${shownKey(key)} holds half a surrogate pair`)
  return [key, checkedValue(binaryOf(value), key, limits)]
}

/** A key from a path of the API whose keys are text. @throws Refusal 400. */
export function keyOf(encoded: string, limits: Limits): string {
  const key = textOf(keyFrom(encoded, limits))
  if (key === undefined) throw invalidKey('the key is not UTF-8: read and write it at /v1/kv')
  return key
}

function notPairs(why: string): Refusal {
  return new Refusal(400, 'INVALID_BODY', `${why}: send keys and values as strings, such as {"foo":"bar"}`)
}
