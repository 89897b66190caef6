import { KvError } from './kv-error.ts'

/** Keys and values are bytes. A string stands for its UTF-8; answers hold a string wherever the bytes are UTF-8. */
export type Bytes = string | Uint8Array

export function invalid(message: string): KvError {
  return new KvError(message, { code: 'INVALID_ARGUMENT', outcome: 'not-applied' })
}

/** As one part of a path. @throws KvError INVALID_ARGUMENT */
export function inPath(key: Bytes, what = 'key'): string {
  // URL parsers, the one in fetch too, take these for steps in the path, however they are encoded.
  const encoded = percentEncoded(key, what)
  if (encoded === '.' || encoded === '..' || encoded === '') {
    throw invalid(`${JSON.stringify(encoded)} cannot be named in a URL: choose another ${what}`)
  }
  return encoded
}

/** @throws KvError INVALID_ARGUMENT */
export function percentEncoded(bytes: Bytes, what: string): string {
  if (typeof bytes === 'string') {
    try {
      return encodeURIComponent(bytes)
    } catch {
      throw invalid(`the ${what} holds half a surrogate pair: choose another ${what}`)
    }
  }
  return Array.from(bytes, byte => (isPlain(byte) ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`)).join('')
}

function isPlain(byte: number): boolean {
  return /[A-Za-z0-9._~-]/.test(String.fromCharCode(byte))
}

/** As a field of JSON: `name` for text, `nameBase64` for other bytes. */
export function field(name: string, bytes: Bytes): Record<string, string> {
  return typeof bytes === 'string' ? { [name]: bytes } : { [`${name}Base64`]: toBase64(bytes) }
}

/** What such a field holds. */
export function bytesIn(fields: Readonly<Record<string, unknown>>, name: string): Bytes | undefined {
  const text = fields[name]
  if (typeof text === 'string') return text
  const base64 = fields[`${name}Base64`]
  return typeof base64 === 'string' ? fromBase64(base64) : undefined
}

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

function fromBase64(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0))
}

/** Undefined if the bytes are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
