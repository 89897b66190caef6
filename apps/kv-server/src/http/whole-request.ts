import type { IncomingHttpHeaders } from 'node:http'

/** A request that came in one piece. */
export type WholeRequest = { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: Buffer }

/** All before the body, whose length it tells. */
type Head = Omit<WholeRequest, 'body'> & { readonly length: number }

const blankLine = Buffer.from('\r\n\r\n')
const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const
const version = ' HTTP/1.1'
const target = /^\/[!-"$-~]*$/
/** Blanks around a value are not looked for here: where two parts of a pattern may take them, long rows of them take for ever. */
const field = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t -~\x80-\xff]*)$/
/** With one of these a request is not read to its end, or not answered, in the ordinary way. */
const special = new Set(['transfer-encoding', 'expect', 'upgrade', 'te', 'trailer', 'proxy-connection', 'http2-settings'])

/**
 * Reads requests as nearly every client sends nearly all of them: whole, one at a time, with nothing in them that could be understood
 * in two ways. Whatever else comes is left to Node's parser (RFC 9112 is longer than this file).
 */
export class WholeRequests {
  readonly #headBytesMax: number
  /** Clients repeat themselves: what was read last, as it came, and what it meant. */
  #text = ''
  #head: Head | undefined
  #fields = ''
  #headers: IncomingHttpHeaders | undefined

  constructor(headBytesMax: number) {
    this.#headBytesMax = headBytesMax
  }

  /** Undefined where the bytes are anything else than one such request. The body is a view of them. */
  read(bytes: Buffer): WholeRequest | undefined {
    const end = bytes.indexOf(blankLine)
    if (end < 0 || end > this.#headBytesMax) return undefined
    const head = this.#headOf(bytes.toString('latin1', 0, end))
    if (head === undefined) return undefined
    const { method, url, headers, length } = head
    const start = end + blankLine.length
    if (bytes.length !== start + length || (length > 0 && method === 'GET')) return undefined
    return { method, url, headers, body: bytes.subarray(start) }
  }

  #headOf(text: string): Head | undefined {
    if (text === this.#text) return this.#head
    this.#text = text
    this.#head = this.#parse(text)
    return this.#head
  }

  #parse(text: string): Head | undefined {
    const line = text.indexOf('\r\n')
    if (line < 0) return undefined // HTTP/1.1 asks for a field: Host
    const method = methods.find(name => text.startsWith(name) && text[name.length] === ' ')
    if (method === undefined || !text.startsWith(version, line - version.length)) return undefined
    const url = text.slice(method.length + 1, line - version.length)
    const headers = target.test(url) ? this.#headersOf(text.slice(line + 2)) : undefined
    return headers && { method, url, headers, length: Number(headers['content-length'] ?? 0) }
  }

  #headersOf(fields: string): IncomingHttpHeaders | undefined {
    if (fields === this.#fields) return this.#headers
    this.#fields = fields
    this.#headers = headersIn(fields)
    return this.#headers
  }
}

/** Undefined where Node's parser should judge, or tell apart what was meant. */
function headersIn(fields: string): IncomingHttpHeaders | undefined {
  const headers: Record<string, string> = Object.create(null)
  for (const line of fields.split('\r\n')) {
    const [, name, value] = field.exec(line) ?? []
    if (name === undefined || value === undefined) return undefined
    const known = name.toLowerCase()
    if (known in headers || special.has(known)) return undefined
    headers[known] = withoutBlanks(value)
  }
  if (headers.host === undefined) return undefined
  if (headers.connection !== undefined && headers.connection.toLowerCase() !== 'keep-alive') return undefined
  if (headers['content-length'] !== undefined && !/^\d{1,9}$/.test(headers['content-length'])) return undefined
  return headers
}

/** Not `trim`, which knows more of them than HTTP does. */
function withoutBlanks(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isBlank(value, start)) start++
  while (start < end && isBlank(value, end - 1)) end--
  return value.slice(start, end)
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t'
}
