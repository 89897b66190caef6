/** Keys and values as the API has them in JSON: text where they are UTF-8, else base64 under another name. */
export type Bytes = string | Uint8Array

export function byteField(name: 'key' | 'value' | 'name', bytes: Bytes): Record<string, string> {
  return typeof bytes === 'string' ? { [name]: bytes } : { [`${name}Base64`]: Buffer.from(bytes).toString('base64') }
}

const cellMax = 60

/** For a cell of a table: one line, of a bearable length. */
export function cellOf(bytes: Bytes | undefined): string {
  if (bytes === undefined) return ''
  const text = typeof bytes === 'string' ? bytes : `base64:${Buffer.from(bytes).toString('base64')}`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  const line = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, escaped)
  const characters = [...line]
  return characters.length > cellMax ? `${characters.slice(0, cellMax - 1).join('')}…` : line
}

/** JSON leaves the upper control characters as they are; terminals obey them. */
function escaped(character: string): string {
  const short = JSON.stringify(character).slice(1, -1)
  return short.length > 1 ? short : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
