import { Buffer, isUtf8 } from 'node:buffer'

/**
 * Bytes as a string with one byte in each character: what keys and values are in memory. Such strings compare as their bytes do, are
 * found in maps, and take one byte for each; for ASCII they are the text itself.
 */
export type Binary = string

const ascii = /^[\0-\x7f]*$/

/** UTF-8. The text must be well-formed. */
export function binaryOf(text: string): Binary {
  return ascii.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** Undefined if it is not UTF-8. */
export function textOf(binary: Binary): string | undefined {
  if (ascii.test(binary)) return binary
  const bytes = Buffer.from(binary, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

export function bytesOf(binary: Binary): Buffer {
  return Buffer.from(binary, 'latin1')
}

export function binaryFrom(bytes: Uint8Array): Binary {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** The first key after all that begin with the prefix; undefined if none is. */
export function afterPrefix(prefix: Binary): Binary | undefined {
  for (let end = prefix.length; end > 0; end--) {
    const last = prefix.charCodeAt(end - 1)
    if (last < 255) return prefix.slice(0, end - 1) + String.fromCharCode(last + 1)
  }
  return undefined
}
