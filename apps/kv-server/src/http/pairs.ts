import { binaryOf } from '../store/binary.ts'
import type { Pair } from '../store/command.ts'
import type { Limits } from './limits.ts'
import { Refusal } from './refusal.ts'

/** A high surrogate without its low one, or the other way round: JSON can write it, UTF-8 cannot. */
const loneSurrogate = /\p{Surrogate}/u

/** The pairs of a body `{"foo":"bar", …}`. @throws Refusal 400, 413. */
export function pairsOf(body: unknown, limits: Limits): Pair[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw notPairs('the body is not an object')
  // Object.entries and nothing else: JSON.parse makes `__proto__` an ordinary key, assigning it elsewhere would not.
  const pairs = Object.entries(body)
  if (pairs.length === 0) throw notPairs('the object is empty')
  return pairs.map(([key, value]) => pairOf(key, value, limits))
}

function pairOf(key: string, value: unknown, limits: Limits): Pair {
  checkKey(key, limits)
  if (typeof value !== 'string') throw notPairs(`the value of ${shown(key)} is not a string`)
  if (loneSurrogate.test(value)) throw notPairs(`the value of ${shown(key)} holds half a surrogate pair`)
  const bytes = binaryOf(value)
  if (bytes.length > limits.valueBytesMax) {
    throw new Refusal(413, 'TOO_LARGE', `the value of ${shown(key)} is larger than ${limits.valueBytesMax} bytes`)
  }
  return [binaryOf(key), bytes]
}

/** @throws Refusal 400 if this can be no key. */
function checkKey(key: string, limits: Limits): void {
  if (key === '') throw new Refusal(400, 'INVALID_KEY', 'the key is empty')
  if (loneSurrogate.test(key)) throw new Refusal(400, 'INVALID_KEY', 'the key holds half a surrogate pair')
  if (Buffer.byteLength(key) > limits.keyBytesMax)
    throw new Refusal(400, 'INVALID_KEY', `the key is longer than ${limits.keyBytesMax} bytes`)
}

/** A key from a path, where it is percent-encoded. @throws Refusal 400. */
export function keyOf(encoded: string, limits: Limits): string {
  let key: string
  try {
    key = decodeURIComponent(encoded)
  } catch {
    throw new Refusal(400, 'INVALID_KEY', 'the key is not percent-encoded UTF-8')
  }
  checkKey(key, limits)
  return key
}

function notPairs(why: string): Refusal {
  return new Refusal(400, 'INVALID_BODY', `${why}: send keys and values as strings, such as {"foo":"bar"}`)
}

function shown(key: string): string {
  return JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key)
}
