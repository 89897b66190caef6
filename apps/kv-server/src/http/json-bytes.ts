import type { Item, ItemMeta, KeyField, ValueField } from 'kv-client'
import { type Binary, binaryFrom, binaryOf, bytesOf, textOf } from '../store/binary.ts'
import type { Stored } from '../store/stored.ts'
import { Refusal } from './refusal.ts'

/** Bytes in JSON: text where they are UTF-8, else base64 in a field of another name. */
export function keyField(key: Binary): KeyField {
  const text = textOf(key)
  return text === undefined ? { keyBase64: bytesOf(key).toString('base64') } : { key: text }
}

export function valueField(value: Binary): ValueField {
  const text = textOf(value)
  return text === undefined ? { valueBase64: bytesOf(value).toString('base64') } : { value: text }
}

export function nameField(name: Binary): { name: string } | { nameBase64: string } {
  const text = textOf(name)
  return text === undefined ? { nameBase64: bytesOf(name).toString('base64') } : { name: text }
}

export function metaJson({ key, created, modified, version, lease }: Stored): ItemMeta {
  return { ...keyField(key), created, modified, version, ...(lease > 0 && { lease }) }
}

export function itemJson(item: Stored): Item {
  return { ...metaJson(item), ...valueField(item.value) }
}

type Fields = { readonly [name: string]: unknown }

/** The field of this name as bytes, or the one with `Base64` behind it. Undefined if there is neither. @throws Refusal 400. */
export function bytesIn(fields: Fields, name: string, where: string): Binary | undefined {
  const [text, base64] = [own(fields, name), own(fields, `${name}Base64`)]
  if (text !== undefined && base64 !== undefined) throw invalidBody(`${where} has both ${name} and ${name}Base64: give one`)
  if (text !== undefined) return textBytes(text, `${name} of ${where}`)
  if (base64 === undefined) return undefined
  if (typeof base64 !== 'string' || !isBase64(base64)) throw invalidBody(`${name}Base64 of ${where} is not base64`)
  return binaryFrom(Buffer.from(base64, 'base64'))
}

/** With padding or without. A digit alone would be no byte, and Node's decoder passes over it. */
function isBase64(text: string): boolean {
  const [, padding] = /^[A-Za-z0-9+/]*(={0,2})$/.exec(text) ?? []
  if (padding === undefined) return false
  return padding === '' ? text.length % 4 !== 1 : text.length % 4 === 0 && text.length > padding.length
}

/** A high surrogate without its low one, or the other way round: JSON can write it, UTF-8 cannot. */
export const loneSurrogate = /\p{Surrogate}/u

function textBytes(text: unknown, what: string): Binary {
  if (typeof text !== 'string') throw invalidBody(`${what} is not a string`)
  if (loneSurrogate.test(text)) throw invalidBody(`${what} holds half a surrogate pair`)
  return binaryOf(text)
}

/** `__proto__` and the like are fields only if they were sent. */
export function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

/** The body's fields, and no others. @throws Refusal 400. */
export function bodyFields(body: unknown, names: readonly string[]): Fields {
  return onlyFields(objectIn(body, 'the body'), names, 'the body')
}

/** A field that is misspelt would mean something else, or everything. @throws Refusal 400. */
export function onlyFields(fields: Fields, names: readonly string[], where: string): Fields {
  const unknown = Object.keys(fields).find(name => !names.includes(name))
  if (unknown === undefined) return fields
  throw invalidBody(`${where} has a field ${JSON.stringify(unknown)}; it may have ${names.join(', ').replace(/, ([^,]*)$/, ' and $1')}`)
}

/** @throws Refusal 400. */
export function objectIn(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidBody(`${what} is not an object`)
  return value as Fields
}

/** A whole number that is not negative. @throws Refusal 400. */
export function integerIn(fields: Fields, name: string, fallback?: number): number {
  const value = own(fields, name) ?? fallback
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw invalidBody(`${name} is not a whole number from 0 up`)
}

export function invalidBody(message: string): Refusal {
  return new Refusal(400, 'INVALID_BODY', message)
}
