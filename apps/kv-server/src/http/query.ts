import { type Binary, binaryFrom } from '../store/binary.ts'
import { Refusal } from './refusal.ts'

/** The query of a request, taken apart when it is looked at: most requests have none. Keys in it are bytes. */
export class Query {
  readonly #text: string
  #pairs: ReadonlyMap<string, string> | undefined

  constructor(text: string) {
    this.#text = text
  }

  has(name: string): boolean {
    return this.#raw(name) !== undefined
  }

  /** As text. Undefined if it is not there. @throws Refusal 400. */
  get(name: string): string | undefined {
    const raw = this.#raw(name)
    if (raw === undefined) return undefined
    try {
      return decodeURIComponent(raw.replaceAll('+', ' '))
    } catch {
      throw invalid(`${name} is not percent-encoded UTF-8`)
    }
  }

  /** As bytes: anything can be percent-encoded. @throws Refusal 400. */
  bytes(name: string): Binary | undefined {
    const raw = this.#raw(name)
    if (raw === undefined) return undefined
    const bytes = percentDecoded(raw.replaceAll('+', ' '))
    if (bytes === undefined) throw invalid(`${name} is not percent-encoded`)
    return bytes
  }

  /** A whole number from `least` to `most`. @throws Refusal 400. */
  integer(name: string, most: number = Number.MAX_SAFE_INTEGER, least = 0): number | undefined {
    const text = this.get(name)
    if (text === undefined) return undefined
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= least && value <= most)) throw invalid(`${name} is a whole number from ${least} to ${most}`)
    return value
  }

  /** @throws Refusal 400 if it is none of these words. */
  choice<Word extends string>(name: string, words: readonly Word[], fallback: Word): Word {
    const given = this.get(name)
    if (given === undefined) return fallback
    const word = words.find(candidate => candidate === given)
    if (word === undefined) throw invalid(`${name} is one of: ${words.join(', ')}`)
    return word
  }

  #raw(name: string): string | undefined {
    if (this.#text === '') return undefined
    this.#pairs ??= pairsOf(this.#text)
    return this.#pairs.get(name)
  }
}

export function invalid(message: string): Refusal {
  return new Refusal(400, 'INVALID_QUERY', message)
}

/** The first of a name counts. */
function pairsOf(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  for (const pair of text.split('&')) {
    const at = pair.indexOf('=')
    const name = at < 0 ? pair : pair.slice(0, at)
    if (!pairs.has(name)) pairs.set(name, at < 0 ? '' : pair.slice(at + 1))
  }
  return pairs
}

const plain = /^[^%\x80-\uffff]*$/

/** What stands in a path or a query, as bytes. Undefined if a `%` is followed by something else than two hex digits. */
export function percentDecoded(encoded: string): Binary | undefined {
  if (plain.test(encoded)) return encoded
  if (/%(?![0-9a-fA-F]{2})/.test(encoded)) return undefined
  // Node reads the request line as Latin-1, so what is not encoded is one byte for each character.
  return binaryFrom(
    Buffer.from(
      encoded.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    ),
  )
}
