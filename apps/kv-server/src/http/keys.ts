import { type Binary, textOf } from '../store/binary.ts'
import type { Limits } from './limits.ts'
import { percentDecoded } from './query.ts'
import { Refusal } from './refusal.ts'

/** A key, or the name of a lock, from a path, where it is percent-encoded. @throws Refusal 400. */
export function keyFrom(encoded: string, limits: Limits): Binary {
  const key = percentDecoded(encoded)
  if (key === undefined) throw invalidKey('the key is not percent-encoded')
  return checkedKey(key, limits)
}

/** @throws Refusal 400 if this can be no key. */
export function checkedKey(key: Binary, limits: Limits): Binary {
  if (key === '') throw invalidKey('the key is empty')
  if (key.length > limits.keyBytesMax) throw invalidKey(`the key is longer than ${limits.keyBytesMax} bytes`)
  return key
}

/** @throws Refusal 413. */
export function checkedValue(value: Binary, key: Binary, limits: Limits): Binary {
  if (value.length <= limits.valueBytesMax) return value
  throw new Refusal(413, 'TOO_LARGE', `the value of ${shownKey(key)} is larger than ${limits.valueBytesMax} bytes`)
}

export function invalidKey(message: string): Refusal {
  return new Refusal(400, 'INVALID_KEY', message)
}

/** For messages. */
export function shownKey(key: Binary): string {
  const text = textOf(key)
  if (text === undefined) return `of ${key.length} bytes`
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
