const escapes: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** Bytes as Go prints them with %q: text where they are UTF-8, escapes where they are not or do not show. */
export function quote(bytes: Uint8Array): string {
  let quoted = ''
  for (let at = 0; at < bytes.length; ) {
    const character = decodeAt(bytes, at)
    quoted += character === undefined ? hex(bytes[at] ?? 0) : show(character)
    at += character === undefined ? 1 : Buffer.byteLength(character)
  }
  return `"${quoted}"`
}

/** The character that starts here, if the bytes here are UTF-8. */
function decodeAt(bytes: Uint8Array, at: number): string | undefined {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(at, at + length))
    } catch {
      // Not a whole character yet.
    }
  }
  return undefined
}

function show(character: string): string {
  const known = escapes[character]
  if (known !== undefined) return known
  if (character === ' ' || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(character)) return character
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20 || code === 0x7f) return hex(code)
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}
