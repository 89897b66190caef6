import type { Binary } from '../store/binary.ts'
import type { Compare } from '../store/command.ts'
import type { RequestHead } from './exchange.ts'
import { Refusal } from './refusal.ts'

export function etagOf(revision: number): string {
  return `"${revision}"`
}

/**
 * `If-Match` and `If-None-Match` of a write. A key that is not there has revision 0, here as in transactions: with `If-Match: "0"` it must
 * not be there, with `If-None-Match: "0"` it must. No key has that ETag, so this means nothing else. @throws Refusal 400.
 */
export function conditionsOf({ headers }: RequestHead, key: Binary): Compare[] {
  const conditions: Compare[] = []
  const [match, noneMatch] = [headers['if-match'], headers['if-none-match']]
  if (match === '*') conditions.push({ target: 'version', key, op: '>', operand: 0 })
  else if (match !== undefined) conditions.push({ target: 'modified', key, op: '=', operand: revisionIn(match, 'If-Match') })
  if (noneMatch === '*') conditions.push({ target: 'version', key, op: '=', operand: 0 })
  else if (noneMatch !== undefined) conditions.push({ target: 'modified', key, op: '!=', operand: revisionIn(noneMatch, 'If-None-Match') })
  return conditions
}

/** `If-None-Match` of a read: whether the client has this already. */
export function isUnchanged({ headers }: RequestHead, revision: number): boolean {
  const known = headers['if-none-match']
  if (known === undefined) return false
  return known.split(',').some(tag => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etagOf(revision))
}

function revisionIn(etag: string, name: string): number {
  const digits = /^"(\d{1,15})"$/.exec(etag.trim())?.[1]
  if (digits !== undefined) return Number(digits)
  throw new Refusal(400, 'INVALID_HEADER', `${name} is one ETag, such as "12", or *`)
}
