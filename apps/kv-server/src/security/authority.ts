import { createHash, timingSafeEqual } from 'node:crypto'
import { RaftError } from 'raft-node'
import type { RequestHead } from '../http/exchange.ts'
import { Refusal } from '../http/refusal.ts'

/** Each includes those before it. */
const roles = ['read', 'write', 'admin'] as const
export type Role = (typeof roles)[number]

/** Who asks. The name is empty where nobody needs to say. */
export type Principal = { readonly name: string; readonly role: Role }

type Token = Principal & { readonly digest: Buffer }

/** Without tokens, everybody is this. */
export const anybody: Principal = { name: '', role: 'admin' }

/** Knows by its token who may do what. Tokens are kept as digests, and never shown. */
export class Authority {
  #tokens: readonly Token[]

  constructor(text: string) {
    this.#tokens = tokensIn(text)
  }

  /** Other tokens are valid from now on. @throws RaftError INVALID_ARGUMENT; then those of before stay. */
  reload(text: string): void {
    this.#tokens = tokensIn(text)
  }

  /** @throws Refusal 401 without a valid token, 403 if its role does not suffice. */
  check(request: RequestHead, role: Role): Principal {
    const secret = bearerOf(request)
    if (secret === undefined) throw unauthorized('a token is needed: Authorization: Bearer …')
    const token = this.#find(secret)
    if (token === undefined) throw unauthorized('the token is not known')
    if (roles.indexOf(token.role) >= roles.indexOf(role)) return token
    throw new Refusal(403, 'FORBIDDEN', `this needs the role ${role}, and ${token.name} has ${token.role}`)
  }

  /** Whether the request comes with one of the tokens, whatever its role. */
  knows(request: RequestHead): boolean {
    const secret = bearerOf(request)
    return secret !== undefined && this.#find(secret) !== undefined
  }

  /** Looks at all of them, whichever fits, and takes the same time for each. */
  #find(secret: string): Token | undefined {
    const digest = digestOf(secret)
    let found: Token | undefined
    for (const token of this.#tokens) if (timingSafeEqual(token.digest, digest)) found = token
    return found
  }
}

export function bearerOf({ headers }: RequestHead): string | undefined {
  return /^bearer +([!-~]+) *$/i.exec(headers.authorization ?? '')?.[1]
}

export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

function unauthorized(message: string): Refusal {
  return new Refusal(401, 'UNAUTHORIZED', message, { 'WWW-Authenticate': 'Bearer' })
}

/** One token a line: role, name, and the token or `sha256:` with its digest in hex. Messages name lines, never what is in them. */
function tokensIn(text: string): readonly Token[] {
  const tokens = text.split('\n').flatMap((line, at) => (/^\s*(#.*)?$/.test(line) ? [] : [tokenIn(line, at + 1)]))
  if (tokens.length === 0) throw invalid('the file of tokens holds none: give at least one, as: admin NAME TOKEN')
  return tokens
}

function tokenIn(line: string, number: number): Token {
  const [role, name, secret, more] = line.trim().split(/\s+/)
  const known = roles.find(candidate => candidate === role)
  if (known === undefined || name === undefined || secret === undefined || more !== undefined) {
    throw invalid(`line ${number} of the tokens is not "ROLE NAME TOKEN", with one of the roles ${roles.join(', ')}`)
  }
  const hex = /^sha256:([0-9a-fA-F]{64})$/.exec(secret)?.[1]
  if (hex === undefined && secret.length < 16) throw invalid(`the token in line ${number} is shorter than 16 characters: take a random one`)
  return { name, role: known, digest: hex === undefined ? digestOf(secret) : Buffer.from(hex, 'hex') }
}

function invalid(message: string): RaftError {
  return new RaftError('INVALID_ARGUMENT', message)
}
